"""In which language a page speaks to a person, and what it says of wishes that cannot be taken."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from newsletter import lists
from newsletter import render as rendering
from newsletter.errands.limits import TooOften
from newsletter.reader.frame import Frame
from newsletter.render.phrases import filled, form_for
from newsletter.settings import current
from subscribers.addresses import InvalidAddress
from subscribers.models import Subscriber


def language_for(request: HttpRequest, person: Subscriber | None, newsletter: str = "") -> str:
    """The language that a page for one person speaks: theirs, else that of their list, else the newsletter's.

    Where neither is known, the first that their browser asks for of those in use here.
    """
    config = current()
    # Where nobody knows the person, or not any more, the page that led here has said which language was theirs.
    told = [] if person else [request.GET.get("in", "")]
    wished = lists.languages_of(config, person, newsletter)
    if not wished:
        used = {language.lower(): language for language in lists.languages(config)}
        asked = [code for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower())]
        wished = [*(used[code] for code in asked if code in used), *used.values()]
    return rendering.spoken(config, newsletter, [*told, *wished])


def refusal(frame: Frame, error: Exception) -> str:
    """Why a wish was not taken, in the language of the page."""
    said = frame.words["frame"]
    if isinstance(error, TooOften):
        return filled(said["too_often"], wait=filled(form_for(said["minutes"], error.minutes), n=error.minutes))
    return said["no_address"] if isinstance(error, InvalidAddress) else str(error)
