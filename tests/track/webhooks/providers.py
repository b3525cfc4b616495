"""How other providers post: signed, or with a password, whatever each of them does."""

import base64
import hashlib
import hmac
import json

SECRET = "someone:a-long-password"
KEY = "a-signing-key"


def identity(message):
    """The Message-ID under which a message of the test newsletter goes out."""
    return f"<{message.pk}.{message.issue.newsletter}.{message.issue.slug}@news.example.org>"


def by_password(body, secret=SECRET):
    """Postmark's way."""
    return body, {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(secret.encode()).decode()}"}


def by_signature(body, key=KEY, timestamp="1795852800"):
    """Mailgun's way: the signature stands in the JSON, over a timestamp and a token."""
    token = hashlib.sha256(body).hexdigest()[:50]
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return body, {}
    if isinstance(said, dict):
        said = {**said, "signature": {"token": token, "timestamp": timestamp, "signature": signature}}
    return json.dumps(said).encode(), {}


WAYS = {"postmark": by_password, "mailgun": by_signature}
