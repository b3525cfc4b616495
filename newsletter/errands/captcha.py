"""A small calculation that a browser does before it may ask for a mail: cheap for one reader, dear for a thousand.

ALTCHA's, which asks nobody else: we set the task, and check the answer (https://altcha.org/docs/v2/).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime, timedelta

from altcha import ChallengeOptions, create_challenge, verify_solution

from newsletter import tokens
from newsletter.config import Config
from newsletter.models import Turn

VALID = timedelta(minutes=20)
LONGEST = 2000
"""Characters of an answer; real ones have about 400."""
# The library signs another of two `expires` than it looks at: only a salt as we write it is taken.
_SALT = re.compile(r"[0-9a-f]{8,64}\?expires=\d{1,12}&")
_LABEL = "captcha"


def wanted(config: Config) -> bool:
    """Whether there is a captcha at all."""
    return config.audience.subscribe.captcha == "altcha"


def challenge(config: Config, key: str, now: datetime) -> dict[str, object]:
    """A task, as the widget reads it."""
    options = ChallengeOptions(
        hmac_key=tokens.secret(_LABEL, key), max_number=config.audience.subscribe.effort, expires=now + VALID
    )
    return dict(create_challenge(options).to_dict())


def solved(answer: str, key: str, now: datetime) -> bool:
    """Whether this is the right answer to a task of ours, given for the first time."""
    given = _given(answer)
    if given is None or not verify_solution(answer, tokens.secret(_LABEL, key), check_expires=True)[0]:
        return False
    return Turn.take(f"captcha {given['challenge']}", 1, VALID, now) is None


def _given(answer: str) -> dict[str, object] | None:
    """What the widget says it found; none if it cannot be the widget that says so."""
    try:
        found = json.loads(base64.b64decode(answer, validate=True)) if len(answer) <= LONGEST else None
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("number"), int):
        return None
    texts = all(isinstance(found.get(name), str) for name in ("algorithm", "challenge", "salt", "signature"))
    return found if texts and found["algorithm"] == "SHA-256" and _SALT.fullmatch(found["salt"]) else None
