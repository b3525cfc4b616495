"""Access tokens for XOAUTH2, fetched anew before they run out (RFC 6749, sections 4.4 and 6)."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from newsletter.config.sending import OAuth
from newsletter.send.transports.base import TransportDown

_EARLY = 60  # seconds before its end at which a token counts as over
_USUAL = 3600  # seconds that one holds for if the answer does not say
_PATIENCE = 30


@dataclass
class _Account:
    """What this process holds for one account; all its connections use the same token."""

    lock: threading.Lock
    refresh: str
    access: str = ""
    until: float = 0.0


_ACCOUNTS: dict[tuple[str, str, str, str], _Account] = {}
_LOCK = threading.Lock()


def access_token(settings: OAuth, *, instead_of: str = "") -> str:
    """A token that is good for now, and not the one that was refused; raises TransportDown if none can be had."""
    account = _account(settings)
    with account.lock:
        if not account.access or account.access == instead_of or time.monotonic() >= account.until:
            _fetch(settings, account)
        return account.access


def _account(settings: OAuth) -> _Account:
    refresh = settings.refresh_token.get_secret_value().strip()
    key = (settings.token_url or "", settings.client_id, refresh, settings.scope)
    with _LOCK:
        return _ACCOUNTS.setdefault(key, _Account(threading.Lock(), refresh))


def _fetch(settings: OAuth, account: _Account) -> None:
    found = _asked(settings.token_url or "", _request(settings, account.refresh))
    account.access = str(found["access_token"])
    account.until = time.monotonic() + _seconds(found.get("expires_in")) - _EARLY
    # Some providers give a new refresh token with each answer, and the old one ends some time after.
    account.refresh = str(found.get("refresh_token") or account.refresh)


def _request(settings: OAuth, refresh: str) -> dict[str, str]:
    secret = settings.client_secret.get_secret_value().strip()
    form = {
        "grant_type": "refresh_token" if refresh else "client_credentials", "refresh_token": refresh,
        "client_id": settings.client_id, "client_secret": secret, "scope": settings.scope,
    }  # fmt: skip
    return {name: value for name, value in form.items() if value}


def _asked(url: str, form: Mapping[str, str]) -> dict[str, Any]:
    try:
        response = httpx.post(url, data=form, timeout=_PATIENCE, headers={"Accept": "application/json"})
    except httpx.HTTPError as error:
        raise _later(url, f"cannot be reached: {error}") from error
    if response.status_code >= 500 or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise _later(url, f"answers {response.status_code}")
    found = _read(response)
    if response.is_error or not found.get("access_token"):
        # Neither the form nor the body as a whole is repeated: they hold secrets.
        said = " ".join(str(found[key]) for key in ("error", "error_description") if found.get(key))
        reason = f"{url} gives no access token: {response.status_code} {said}".strip()
        raise TransportDown(f"{reason}; check its `oauth` keys", permanent=True)
    return found


def _read(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(given: Any) -> float:
    try:
        return float(given)
    except (TypeError, ValueError):
        return _USUAL


def _later(url: str, words: str) -> TransportDown:
    return TransportDown(f"{url}, where access tokens are fetched, {words}", wait=timedelta(minutes=1))
