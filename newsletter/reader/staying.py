"""The page of the mail that asks whether somebody still reads: one button, and they go on getting it.

Its link says nothing but that, does nothing else, and has no end: who finds the mail a year later is welcome, too.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from newsletter import tokens
from newsletter.reader.frame import frame_of, page
from newsletter.reader.same_site import same_site
from newsletter.reader.saying import language_for
from newsletter.reader.signing_in import SeeOther
from newsletter.settings import current, signing_keys
from newsletter.track.views import masked, private
from subscribers.models import Occasion, Origin, Subscriber, Subscription
from subscribers.sunset import stay as go_on


@same_site
@require_http_methods(["GET", "HEAD", "POST"])
@private
def stay(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button on GET, for scanners follow every link; on POST the person is written to again."""
    person = _person(token)
    if request.method == "POST":
        go_on([person.pk], Occasion(timezone.now(), Origin.MAIL, "pressed the button in the mail that asked"))
        return SeeOther(request.path)
    config, listed = current(), person.subscriptions.filter(status=Subscription.Status.ACTIVE)
    names = set(listed.values_list("list__name", flat=True))
    letters = [one.title for one in config.newsletters.values() if names & {ref.name for ref in one.lists}]
    staying, gone = (person.status == one for one in (Subscriber.Status.ACTIVE, Subscriber.Status.DORMANT))
    frame = frame_of(config, language=language_for(request, person))
    shown: dict[str, Any] = {"staying": staying, "gone": gone, "letters": letters, "address": masked(person.email)}
    return page(request, "stay.html", frame, **shown)


def _person(token: str) -> Subscriber:
    try:
        number = tokens.read(token, signing_keys(), tokens.STAY)
    except tokens.BadToken as error:
        raise Http404(str(error)) from error
    return get_object_or_404(Subscriber, pk=number)
