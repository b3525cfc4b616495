"""How staff sign in."""

from __future__ import annotations

from pydantic import Field, SecretStr

from newsletter.config.section import Section
from newsletter.config.values import BaseUrl, Line, Slug


class Oidc(Section):
    """A service that vouches for staff by OpenID Connect."""

    title: Line = Field(min_length=1, description="what the button says: `Sign in with TITLE`")
    issuer: BaseUrl = Field(description="its address; `/.well-known/openid-configuration` is looked for beneath it")
    client_id: Line = Field(min_length=1, description="the name that it knows this publication by")
    client_secret: SecretStr = Field(min_length=1, description="the secret that goes with it")


class SignIn(Section):
    """How staff sign in, beside password, authenticator app and passkey."""

    oidc: dict[Slug, Oidc] = Field(
        {},
        description="services that vouch for who is staff already, by verified address; each under a name of your "
        "choice, which stands in the address that it leads back to: see staff.md",
    )
