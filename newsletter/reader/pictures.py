"""Pictures that editors have uploaded, as mails and pages show them."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from newsletter import links
from newsletter.models import Picture
from newsletter.reader.caching import conditional, tag_of
from newsletter.reader.files import TYPES
from newsletter.settings import current

A_YEAR = int(timedelta(days=365).total_seconds())


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve a picture; whoever has it may keep it for ever, for what lies at an address never changes."""
    config = current()
    named = links.picture_named(config, f"{config.site.url}/pictures/{name}")
    if named is None:
        raise Http404("there is no such picture")
    wanted = {"digest": named.digest, "kind": named.kind, "width": named.width, "height": named.height}
    found = Picture.objects.filter(**wanted).defer("data").first()
    if found is None:
        raise Http404("there is no such picture")
    response = conditional(
        request,
        tag_of(found.digest),
        found.at,
        A_YEAR,
        lambda: HttpResponse(bytes(found.data), content_type=TYPES[f".{found.kind}"]),
    )
    response["Cache-Control"] += ", immutable"
    return response
