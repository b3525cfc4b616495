"""The gallery: each theme in each layout, wide, on a phone, in the dark, without images, and as plain text."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from newsletter import render, roles
from newsletter.config import Config
from newsletter.desk.pages.base import desk_page, framed, staff_page
from newsletter.models import Issue
from newsletter.render import gallery as looks
from newsletter.settings import current

SEE = "newsletter.view_issue"
_LATEST = 20
_NAMES = {
    "digest": "Digest", "post": "Post", "announcement": "Announcement", "confirm": "Confirm", "welcome": "Welcome",
    "goodbye": "Goodbye", "preferences": "Preferences", "sign_in": "Sign in",
    "data": "Your data", "erase": "Erase me", "answer": "Answer", "draft_ready": "Draft ready", "report": "Report",
    "alarm": "Sending stopped", "warning": "Something to look at", "news": "News of an issue",
    "account": "Staff account",
}  # fmt: skip


def letters(request: HttpRequest, config: Config) -> dict[str, str]:
    """The newsletters whose issues this member of staff may see, with their titles."""
    return {name: config.newsletters[name].title for name in roles.among(request.user, SEE, config.newsletters)}


class Tab(NamedTuple):
    """A choice: what it is called, the address that makes it, and whether it is made."""

    title: str
    address: str
    chosen: bool


class Theme(NamedTuple):
    """A theme: where it stands, which newsletters use it, and what is wrong with one of the publication's own."""

    name: str
    own: bool
    address: str
    used_by: list[str]
    fault: str


class Choice(NamedTuple):
    """What is looked at, as the address says; what it does not say, or says wrongly, is the first there is."""

    newsletter: str
    theme: str
    layout: str
    issue: Issue | None

    @classmethod
    def of(cls, request: HttpRequest, config: Config) -> Choice:
        """The choice in an address."""
        asked, number = request.GET, request.GET.get("issue", "")
        issues = roles.theirs(request.user, SEE, Issue.objects.all())
        issue = issues.filter(pk=number).first() if number.isdecimal() and len(number) < 10 else None
        known = letters(request, config)
        names = [issue.newsletter] if issue and issue.newsletter in known else list(known)
        newsletter = _known(asked.get("newsletter", ""), names)
        letter = config.newsletters[newsletter]
        theme = _known(asked.get("theme", "") or letter.theme or config.render.theme, looks.looks(config))
        return cls(newsletter, theme, _known(asked.get("layout", "") or letter.layout, list(_NAMES)), issue)

    def address(self, **other: str) -> str:
        """The address of this choice, with one thing chosen otherwise."""
        said: dict[str, str | int] = {"newsletter": self.newsletter, "theme": self.theme, "layout": self.layout}
        if self.issue:
            said["issue"] = self.issue.pk
        return f"?{urlencode({**said, **other})}"

    def tabs(self, field: str, names: dict[str, str]) -> list[Tab]:
        """A tab for each of the names that the field may have."""
        return [
            Tab(title, self.address(**{field: name}), getattr(self, field) == name) for name, title in names.items()
        ]


@staff_page("newsletter.view_issue")
def gallery(request: HttpRequest) -> HttpResponse:
    """One theme in one layout, five ways side by side, of the sample or of an issue."""
    config = current()
    if not (known := letters(request, config)):
        return desk_page(request, "gallery.html", "Themes")
    choice = Choice.of(request, config)
    shown = {
        "themes": choice.tabs("theme", {name: name for name in looks.looks(config)}),
        "layouts": choice.tabs("layout", _NAMES),
        "newsletters": known,
        "issues": Issue.objects.filter(newsletter__in=known, items__isnull=False).distinct()[:_LATEST],
        "choice": choice,
        "known_themes": _themes(config, choice, known),
        "folder": f"{config.render.templates}/",
        "own_themes": any(looks.is_own(config, name) for name in looks.looks(config)),
    }
    try:
        mail = _drawn(config, choice)
    except render.RenderError as error:
        return desk_page(request, "gallery.html", "Themes", error=str(error), **shown)
    views = [(view, choice.address(view=view.name)) for view in looks.VIEWS]
    weight = render.weight_note(mail.html)
    return desk_page(request, "gallery.html", "Themes", mail=mail, views=views, weight=weight, **shown)


@staff_page("newsletter.view_issue")
def mail(request: HttpRequest) -> HttpResponse:
    """One of the views, for its frame."""
    config = current()
    if not letters(request, config):
        return HttpResponse("there is no newsletter to show", "text/plain; charset=utf-8", 404)
    view = _known(request.GET.get("view", ""), [one.name for one in looks.VIEWS])
    try:
        return framed(looks.seen(_drawn(config, Choice.of(request, config)), view))
    except render.RenderError as error:
        return HttpResponse(str(error), "text/plain; charset=utf-8", 422)


def _themes(config: Config, choice: Choice, known: dict[str, str]) -> list[Theme]:
    """All there are; those of the publication's own are tried with a sample, a few milliseconds each."""
    used: dict[str, list[str]] = {}
    for name, title in known.items():
        used.setdefault(config.newsletters[name].theme or config.render.theme, []).append(title)
    found: list[Theme] = []
    for name in looks.looks(config):
        own = looks.is_own(config, name)
        fault = _fault(config, choice.newsletter, name) if own and len(found) < _LATEST else ""
        found.append(Theme(name, own, choice.address(theme=name), used.get(name, []), fault))
    return found


def _fault(config: Config, newsletter: str, theme: str) -> str:
    try:
        looks.drawn(config, str(settings.SECRET_KEY), newsletter, theme, "digest")
    except render.RenderError as error:
        return str(error)
    return ""


def _drawn(config: Config, choice: Choice) -> render.Rendered:
    return looks.drawn(
        config, str(settings.SECRET_KEY), choice.newsletter, choice.theme, choice.layout, choice.issue
    )  # fmt: skip


def _known(wanted: str, names: list[str]) -> str:
    return wanted if wanted in names else names[0]
