"""The header in which a provider's SMTP server takes what its events bring back: here, which message it is.

Only where `track.anymail` names a provider whose events do not bring back the Message-ID; docs/webhooks.md has a table.
"""

from __future__ import annotations

import json

from newsletter.config import Config

_PLAIN = {
    "amazon_ses": "X-Metadata",
    "brevo": "X-Mailin-custom",
    "mailjet": "X-MJ-EventPayload",
    "mailtrap": "X-MT-Custom-Variables",
    "mandrill": "X-MC-Metadata",
    "resend": "X-Metadata",
}
"""Headers that are JSON of our own."""
_INSIDE = {"sparkpost": "X-MSYS-API", "unisender_go": "X-UNIONE"}
"""Headers that are JSON of the provider's, in which `metadata` is ours."""


def metadata(config: Config, ref: str) -> dict[str, str]:
    """The headers that name a message to the provider of config.yaml; none where it needs none."""
    provider, ours = config.track.anymail.provider, {"message": ref, "site": config.site.url}
    if provider is None:
        return {}
    if provider == "postmark":
        return {f"X-PM-Metadata-{name}": value for name, value in ours.items()}
    if provider in _INSIDE:
        return {_INSIDE[provider]: json.dumps({"metadata": ours})}
    return {_PLAIN[provider]: json.dumps(ours)} if provider in _PLAIN else {}
