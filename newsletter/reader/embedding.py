"""The form for other sites: plain HTML without a script, to be copied from a page of ours."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe
from markupsafe import Markup

from newsletter.config import Config
from newsletter.lists import Offer
from newsletter.reader.caching import public
from newsletter.reader.doorstep import agreed, words_of
from newsletter.reader.frame import frame_of, page
from newsletter.reader.meta import Meta, whole
from newsletter.reader.subscribing import public_offer
from newsletter.render.words import direction
from newsletter.settings import current

_FORM = Markup("""\
<form method="post" action="{action}" lang="{language}" dir="{direction}">
  <p>
    <label for="{id}">{email}</label>
    <input id="{id}" name="email" type="email" required maxlength="254" autocomplete="email" dir="ltr">
    <button type="submit">{button}</button>
  </p>
  <p hidden><label for="{id}-website">{empty}</label><input id="{id}-website" name="website" type="text" autocomplete="off"></p>
  <p><small>{agreed} <a href="{privacy}">{recorded}</a></small></p>
</form>
""")  # noqa: E501 - as it is copied


def snippet(config: Config, offer: Offer) -> Markup:
    """The form of a list, as it is copied into a page of another site. What it posts leads to the list's own page."""
    words = words_of(config, offer)
    return _FORM.format(
        action=whole(config, reverse("list", args=(offer.name,))),
        language=offer.language,
        direction=direction(offer.language),
        id=f"subscribe-{offer.name}",
        agreed=agreed(config, offer),
        privacy=config.site.privacy_url or whole(config, reverse("privacy")),
        **{name: words[name] for name in ("email", "button", "empty", "recorded")},
    )


@require_safe
def embed(request: HttpRequest, name: str) -> HttpResponseBase:
    """The form with its look, and the text to copy."""
    config = current()
    offer = public_offer(config, name)
    html = snippet(config, offer)

    def shown() -> HttpResponseBase:
        meta = Meta(
            title=f"{offer.title}: a form for your site",
            description=f"A form to subscribe to {offer.title}, for other sites.",
            canonical=whole(config, request.path),
            indexed=False,
        )
        frame = frame_of(config, offer.newsletter)
        return page(request, "embed.html", frame, meta=meta, offer=offer, snippet=html, text=str(html).strip())

    return public(request, shown, html)
