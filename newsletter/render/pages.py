"""The ways an issue is drawn as a mail: as it is sent, and as it is previewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from newsletter import holes, links, splice
from newsletter.config import Config, Newsletter, SendGrid
from newsletter.models import Edition, Issue, Link, Poll, Trial
from newsletter.models.trial import FIRST
from newsletter.questions import words
from newsletter.render import context as make
from newsletter.render import headers as lines_of
from newsletter.render import personal
from newsletter.render.blocks import count_polls
from newsletter.render.dressed import worn
from newsletter.render.environment import Themes, theme_of, themes
from newsletter.render.errors import RenderError
from newsletter.render.headers import headers
from newsletter.render.images import sized
from newsletter.render.late import Late
from newsletter.render.lines import break_lines
from newsletter.render.mjml import to_html
from newsletter.render.own import own_blocks, polls_in
from newsletter.render.parts import given
from newsletter.render.plain import LinkBook
from newsletter.render.switches import insist_whole, listed, placed
from newsletter.render.tracking import addresses, direct, redirect, with_pixel, with_unseen
from newsletter.render.unknown import blamed

WORDS = 4_000
"""Bytes of our own words in what is shown of the reader, of the 10,000 that SendGrid takes for everything."""


@dataclass(frozen=True)
class Rendered:
    """An issue as a mail, with holes for the reader, and the MJML that its HTML was made from.

    `late` is what the holes ask of each reader; they begin with `marker`. `polls` holds the question and the answers of
    each poll by its number.
    """

    subject: str
    preheader: str
    html: str
    text: str
    mjml: str
    late: list[Any] = field(default_factory=list)
    marker: str = ""
    polls: dict[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)


def render(issue: Issue, config: Config, key: str, trial: Trial | None = None, letter: str = FIRST) -> Edition:
    """Render what is sent and keep it; the same content is the same row, however often it is rendered.

    Its links and its opens lead past us where `track` says so, here or at the newsletter. With a trial, it is what the
    variant of this letter says. Raises RenderError.
    """
    marker = holes.marker(issue.pk, key)
    issue, config = worn(issue, config, trial, letter)
    mail = _mail(issue, config, marker)
    html = mail.html
    if "sendgrid" in config.kinds_of(issue.newsletter):
        _insist_on_room(issue, mail)
    tracked = config.closely(issue.newsletter) != "off"
    # Our own pages are reached without a detour: the click on them tells us all there is to know.
    page = links.issue(config, issue.newsletter, issue.slug)
    # And who subscribes by a mail that was passed on shall not be counted as the one who passed it on.
    straight = (page, f"{page}#replies", links.subscribe(config, issue.newsletter, issue.slug))
    if tracked and config.track.clicks:
        html = _tracked(html, issue, config, holes.hole(marker, "token"), straight)
        if config.track.honeypot:
            html = with_unseen(html, _unseen(issue, config, holes.hole(marker, "token")))
    elif tracked and _others_count_clicks(config):
        _numbered(html, issue, marker, straight)
    if tracked and config.track.opens:
        html = with_pixel(html, links.pixel(config, holes.hole(marker, "token")))
    html = break_lines(html)
    if letter == FIRST:
        Poll.keep(issue, mail.polls)
    return Edition.keep(
        issue, marker, mail.late, letter, trial.sender_name(letter) if trial else "",
        subject=mail.subject, preheader=mail.preheader, html=html, text=mail.text,
    )  # fmt: skip


def edition_of(issue: Issue, config: Config, key: str, letter: str = "") -> Edition:
    """What was approved of an issue, or of a variant of it; else it as it stands now. Raises RenderError."""
    if issue.edition is None:
        return render(issue, config, key, Trial.of(issue) if letter else None, letter or FIRST)
    return Edition.of(issue, letter if letter in issue.variants else "") or issue.edition


def editions(issue: Issue, config: Config, key: str, trial: Trial) -> dict[str, Edition]:
    """Render every variant of an issue, by its letter. Raises RenderError."""
    insist_on_polls(issue, config, key, trial)
    return {letter: render(issue, config, key, trial, letter) for letter in trial.letters}


def insist_on_polls(issue: Issue, config: Config, key: str, trial: Trial) -> None:
    """Votes are counted by a poll's number: no variant may have other polls. Raises RenderError."""
    if "opening" not in trial.varies:
        return
    first, *others = (preview(issue, config, key, trial, letter).polls for letter in trial.letters)
    for letter, polls in zip(trial.letters[1:], others, strict=True):
        if polls != first:
            raise RenderError(
                f"{issue}: the opening letter of variant {letter.upper()} holds other polls than that of variant A; "
                "a poll must stand in all of them, or in none"
            )


def preview(issue: Issue, config: Config, key: str, trial: Trial | None = None, letter: str = FIRST) -> Rendered:
    """The mail with its links straight to where they lead; nothing is stored. Raises RenderError."""
    marker = holes.marker(issue.pk, key)
    mail = _mail(*worn(issue, config, trial, letter), marker)
    return replace(mail, html=break_lines(mail.html))


def inbox_line(issue: Issue, config: Config, trial: Trial | None = None, letter: str = FIRST) -> tuple[str, str]:
    """Subject and preheader as they would be sent now, for nobody in particular. Raises RenderError."""
    issue, config = worn(issue, config, trial, letter)
    settings = settings_of(config, issue.newsletter)
    late = personal.late_of(issue.newsletter, settings)
    subject, preheader = headers(issue, config, _whole(issue, config, settings, late), late)
    filled = (lines_of.for_nobody(line, late.marker, late.table) for line in (subject, preheader))
    return next(filled), next(filled)


def untracked(edition: Edition, beside: Mapping[int, str] | None = None) -> str:
    """The HTML of an edition for somebody who looks at it: nothing in it leads past us.

    `beside` is HTML to be put into each link, by its number: how often it was followed, say.
    """
    urls = dict(Link.objects.filter(issue=edition.issue_id).values_list("pk", "url"))
    return direct(edition.html, holes.hole(edition.marker, "token"), urls, beside)


def for_nobody(edition: Edition, part: str) -> str:
    """The subject, preheader, HTML or text of an edition as everybody may see it.

    It is filled for nobody: with no name, no list, no field. Defaults apply, and in a line what is left empty is cut
    out. Addresses that would carry a reader's token lead nowhere.
    """
    given = str(getattr(edition, part))
    if part in ("subject", "preheader"):
        return lines_of.for_nobody(given, edition.marker, edition.late)
    return splice.fill(given, edition.marker, splice.nobody(edition.late), part)


def _mail(issue: Issue, config: Config, marker: str) -> Rendered:
    """The mail as the theme draws it, its HTML still on long lines."""
    settings = settings_of(config, issue.newsletter)
    late = personal.late_of(issue.newsletter, settings, marker)
    whole = _whole(issue, config, settings, late)
    subject, preheader = headers(issue, config, whole, late)
    answer = lines_of.for_nobody(subject, marker, late.table) or whole["newsletter"].title
    whole |= {"links": make.mail_links(config, issue, whole["newsletter"], marker, answer)}
    whole |= {"subject": subject, "preheader": preheader, "reader": late, "book": LinkBook()}
    theme, found = theme_of(config, settings), themes(config)
    layout = f"{theme}/{make.layout_of(issue, settings)}"
    mjml = _made(found, f"{layout}.mjml.j2", _themed(whole, found, theme), marker)
    text = insist_whole(
        found.fill(f"{layout}.txt.j2", _themed(whole, found, theme)), marker, found.shown(f"{layout}.txt.j2")
    )
    way_out = _unsubscribe(config, marker)
    with blamed(found, theme, mjml):
        html = sized(to_html(mjml, found.shown(f"{layout}.mjml.j2")))
        _insist(splice.always(splice.parse(html, marker), way_out), found.shown(f"{layout}.mjml.j2"))
    _insist(splice.always(splice.parse(text, marker), way_out), found.shown(f"{layout}.txt.j2"))
    return Rendered(subject, preheader, html, listed(tidied(text), marker), mjml, late.table, marker, _polls(whole))


def _made(found: Themes, name: str, context: Mapping[str, Any], marker: str) -> str:
    """The MJML, with the holes whose values are escaped, its switches where MJML keeps them."""
    where = found.shown(name)
    filled = insist_whole(found.fill(name, context), marker, where)
    return placed(holes.escaped(filled, marker), marker, where)


def settings_of(config: Config, name: str) -> Newsletter:
    """What config.yaml says of a newsletter. Raises RenderError if it says nothing."""
    if name not in config.newsletters:
        raise RenderError(f"config.yaml has no newsletter '{name}'")
    return config.newsletters[name]


def _whole(issue: Issue, config: Config, settings: Newsletter, late: Late) -> dict[str, Any]:
    """Everything a theme is given that does not depend on how it is shown."""
    letter = make.letter(config, issue.newsletter, settings)
    items = list(issue.items.all())
    stories = [make.story_of_item(item, config, letter, late) for item in items]
    if not stories:
        raise RenderError(f"{issue} holds no stories; add one before it is rendered")
    number = make.number(issue, letter)
    whole = given(letter, number, make.anchored(stories))
    # The polls of an issue are numbered through it: the opening's first, then the stories', then those of the editor's
    # own blocks, then the closing's.
    opening = personal.letter(issue, "opening", config, late, whole)
    stories = make.numbered(stories, polls := polls_in(opening))
    polls += sum(count_polls(story.html) for story in stories)
    own = own_blocks(issue, items, config, late, whole, polls)
    polls += sum(polls_in(one.blocks) for one in own)
    closing = personal.letter(issue, "closing", config, late, whole, polls)
    above = tuple(block for one in own if not one.after for block in one.blocks)
    number = replace(number, opening=(*opening, *above), closing=closing)
    return {**given(letter, number, make.anchored(stories), own), "own": own}


def _polls(whole: Mapping[str, Any]) -> dict[int, tuple[str, tuple[str, ...]]]:
    number: make.Number = whole["issue"]
    # Those of stories told in short stand on the stories' own pages.
    told = (block for story in whole["items"] if count_polls(story.html) for block in story.blocks)
    own = (block for one in whole["own"] if one.after for block in one.blocks)
    found = (block for block in (*number.opening, *told, *own, *number.closing) if block.kind == "poll")
    return {block.number: (block.title, block.answers) for block in found}


def _themed(whole: Mapping[str, Any], found: Themes, theme: str) -> dict[str, Any]:
    letter: make.Letter = whole["newsletter"]
    return {**whole, "theme": found.tokens(theme, letter.tokens), "words": found.words(theme, letter.language)}


def _tracked(html: str, issue: Issue, config: Config, token: str, ours: tuple[str, ...]) -> str:
    numbers = _numbered(html, issue, token.partition("-")[0], ours)
    link: Callable[[int], str] = lambda number: links.click(config, number, token)  # noqa: E731
    return redirect(html, {url: link(number) for url, number in numbers.items()})


def _unseen(issue: Issue, config: Config, token: str) -> str:
    """The tracked address of the link that no person sees."""
    page = links.unseen(config, issue.newsletter, issue.slug)
    return links.click(config, Link.number(issue, [page])[page], token)


def _numbered(html: str, issue: Issue, marker: str, ours: tuple[str, ...]) -> dict[str, int]:
    """The number of each link; an address with something of the reader's in it is known only when it is filled in."""
    return Link.number(issue, [url for url in addresses(html, ours) if marker not in url])


def _others_count_clicks(config: Config) -> bool:
    """Whether a provider may tell of clicks, by the address that they led to."""
    theirs = (isinstance(one, SendGrid) and one.tracking == "theirs" for one in config.transports.values())
    return any(theirs) or config.track.anymail.provider is not None


def _unsubscribe(config: Config, marker: str) -> str:
    return links.unsubscribe(config, holes.hole(marker, "token"))


def _insist(holds: bool, template: str) -> None:
    """A mail without an unsubscribe link breaks the law in most places it is read."""
    if not holds:
        raise RenderError(f"{template}: it holds no unsubscribe link for everybody; write {{{{ links.unsubscribe }}}}")


def _insist_on_room(issue: Issue, mail: Rendered) -> None:
    """SendGrid takes little for one reader: most of it must be left for what is the reader's own."""
    asked = "".join((mail.subject, mail.text, mail.html))
    length = sum(words(mail.late[number]) for number in splice.shown(asked, mail.marker))
    if length > WORDS:
        raise RenderError(
            f"{issue}: the words inside {{{{ … reader … }}}} come to {length:,} bytes, and SendGrid has room for "
            f"{WORDS:,}; put longer ones between {{% if %}} and {{% endif %}}"
        )


def tidied(text: str) -> str:
    """The text without spaces at line ends, and with one empty line where a template left several."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    kept = [line for index, line in enumerate(lines) if line or lines[index - 1]]
    return "\n".join(kept) + "\n"
