"""SendGrid's part of the conversation: its keys, its signatures, its events."""

import base64
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PATH = "/hooks/sendgrid/events/"
SITE = "http://127.0.0.1:8000"
PRIVATE, STRANGERS = (ec.derive_private_key(number, ec.SECP256R1()) for number in (20261120, 7))
SIGNATURE, TIMESTAMP = (f"HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_{name}" for name in ("SIGNATURE", "TIMESTAMP"))


def public(private):
    return base64.b64encode(private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def signed(body, private=PRIVATE, at=None):
    timestamp = str(int(time.time()) if at is None else at)
    signature = private.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: timestamp}


def event(message, kind, **more):
    """An event of a message, or of one with this number or name; without an id it is known by what it says."""
    number = message if isinstance(message, str) else str(message.pk)
    return {"event": kind, "message": number, "site": SITE, **more}
