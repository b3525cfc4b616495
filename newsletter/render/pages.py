"""The ways an issue is drawn as a mail: as it is sent, and as it is previewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from newsletter import holes, links
from newsletter.config import Config, Newsletter
from newsletter.models import Edition, Issue, Link
from newsletter.render import context as make
from newsletter.render.environment import Themes, theme_of, themes
from newsletter.render.errors import RenderError
from newsletter.render.headers import for_html, headers, impersonal
from newsletter.render.lines import break_lines
from newsletter.render.mjml import to_html
from newsletter.render.tracking import addresses, direct, redirect, with_pixel


@dataclass(frozen=True)
class Rendered:
    """An issue as a mail, with holes for the reader, and the MJML that its HTML was made from."""

    subject: str
    preheader: str
    html: str
    text: str
    mjml: str


def render(issue: Issue, config: Config, key: str) -> Edition:
    """Render what is sent and keep it; the same content is the same row, however often it is rendered.

    Its links and its opens lead past us where `track` says so. Raises RenderError.
    """
    marker = holes.marker(issue.pk, key)
    mail = _mail(issue, config, marker)
    html = mail.html
    if config.track.clicks:
        # Our own pages are reached without a detour: the click on them tells us all there is to know.
        ours = (links.issue(config, issue.newsletter, issue.slug), _unsubscribe(config, marker))
        html = _tracked(html, issue, config, holes.hole(marker, "token"), ours)
    if config.track.opens:
        html = with_pixel(html, links.pixel(config, holes.hole(marker, "token")))
    html = break_lines(html)
    return Edition.keep(issue, marker, subject=mail.subject, preheader=mail.preheader, html=html, text=mail.text)


def preview(issue: Issue, config: Config, key: str) -> Rendered:
    """The mail with its links straight to where they lead; nothing is stored. Raises RenderError."""
    mail = _mail(issue, config, holes.marker(issue.pk, key))
    return replace(mail, html=break_lines(mail.html))


def untracked(edition: Edition) -> str:
    """The HTML of an edition for somebody who looks at it: nothing in it leads past us."""
    urls = dict(Link.objects.filter(issue=edition.issue_id).values_list("pk", "url"))
    return direct(edition.html, holes.hole(edition.marker, "token"), urls)


def _mail(issue: Issue, config: Config, marker: str) -> Rendered:
    """The mail as the theme draws it, its HTML still on long lines."""
    settings = _settings(config, issue.newsletter)
    whole = _whole(issue, config, settings)
    subject, preheader = headers(issue, settings, whole, marker)
    answer = impersonal(subject, marker) or whole["newsletter"].title
    whole |= {"links": make.mail_links(config, issue, whole["newsletter"], marker, answer), "web": False}
    plain = {"subject": subject, "preheader": preheader, "reader": make.reader_of(marker, False)}
    escaped = {
        "subject": for_html(subject, marker),
        "preheader": for_html(preheader, marker),
        "reader": make.reader_of(marker, True),
    }
    theme, found = theme_of(config, settings), themes(config)
    layout = f"{theme}/{settings.layout}"
    mjml = found.fill(f"{layout}.mjml.j2", _themed(whole, found, theme) | escaped)
    text = found.fill(f"{layout}.txt.j2", _themed(whole, found, theme) | plain)
    html = to_html(mjml, found.shown(f"{layout}.mjml.j2"))
    way_out = _unsubscribe(config, marker)
    _insist(way_out in html, found.shown(f"{layout}.mjml.j2"))
    _insist(way_out in text, found.shown(f"{layout}.txt.j2"))
    return Rendered(subject, preheader, html, _tidied(text), mjml)


def _settings(config: Config, name: str) -> Newsletter:
    if name not in config.newsletters:
        raise RenderError(f"config.yaml has no newsletter '{name}'")
    return config.newsletters[name]


def _whole(issue: Issue, config: Config, settings: Newsletter) -> dict[str, Any]:
    """Everything a theme is given that does not depend on how it is shown."""
    letter = make.letter(config, issue.newsletter, settings)
    stories = [make.story_of_item(item, config, letter) for item in issue.items.all()]
    if not stories:
        raise RenderError(f"{issue} holds no stories; add one before it is rendered")
    return _stories(letter, make.number(issue, letter), stories)


def _stories(letter: make.Letter, number: make.Number | None, stories: list[make.Story]) -> dict[str, Any]:
    lead, *others = stories
    return {
        "newsletter": letter,
        "issue": number,
        "items": stories,
        "lead": lead,
        "others": others,
        "sections": make.sections(others),
    }


def _themed(whole: Mapping[str, Any], found: Themes, theme: str) -> dict[str, Any]:
    return {**whole, "theme": found.tokens(theme)}


def _tracked(html: str, issue: Issue, config: Config, token: str, ours: tuple[str, ...]) -> str:
    numbers = Link.number(issue, addresses(html, ours))
    link: Callable[[int], str] = lambda number: links.click(config, number, token)  # noqa: E731
    return redirect(html, {url: link(number) for url, number in numbers.items()})


def _unsubscribe(config: Config, marker: str) -> str:
    return links.unsubscribe(config, holes.hole(marker, "token"))


def _insist(holds: bool, template: str) -> None:
    """A mail without an unsubscribe link breaks the law in most places it is read."""
    if not holds:
        raise RenderError(f"{template}: it holds no unsubscribe link; write {{{{ links.unsubscribe }}}}")


def _tidied(text: str) -> str:
    """The text without spaces at line ends, and with one empty line where a template left several."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    kept = [line for index, line in enumerate(lines) if line or lines[index - 1]]
    return "\n".join(kept) + "\n"
