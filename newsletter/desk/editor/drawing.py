"""What the page of the issue editor shows: sections with their pieces, and for each button where it leads to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from newsletter import render
from newsletter.config import Newsletter
from newsletter.desk import actions
from newsletter.desk.admin.labels import STATUSES
from newsletter.desk.editor import forms
from newsletter.models import Issue, Item, SetAside
from newsletter.models.editing import Opened
from newsletter.models.own_block import Piece, arranged, name_of, pieces
from newsletter.models.states import REWRITTEN, title_of, told
from newsletter.settings import current

Place = dict[str, str]


@dataclass
class Row:
    """A piece as the page shows it. `up` and `down` are what its buttons send: where to, not how far."""

    piece: Piece
    name: str
    title: str
    form: forms.Marked
    up: Place | None = None
    down: Place | None = None

    @property
    def item(self) -> Item | None:
        """The story, if it is one."""
        return self.piece if isinstance(self.piece, Item) else None

    @property
    def rewritten(self) -> bool:
        """Whether this issue says something differently from the post."""
        return bool(self.item and set(self.item.own.split()) & set(REWRITTEN))


@dataclass
class Group:
    """A section with its rows."""

    title: str
    emoji: str
    rows: list[Row]
    number: int
    above: str | None = None
    """The section that it goes before if it is moved up."""
    below: str | None = None
    """The section that goes before it if it is moved down."""

    @property
    def stories(self) -> int:
        """How many stories it holds."""
        return sum(row.item is not None for row in self.rows)


def groups_of(issue: Issue, bound: Mapping[str, Any]) -> list[Group]:
    """The sections of an issue in their order."""
    found = list[Group]()
    for piece in arranged(pieces(issue)):
        if not found or found[-1].title != piece.section:
            found.append(Group(piece.section, piece.section_emoji, [], len(found) + 1))
        found[-1].rows.append(_row(piece, bound))
    for index, group in enumerate(found):
        group.above = found[index - 1].title if index else None
        group.below = found[index + 1].title if index + 1 < len(found) else None
        for place, row in enumerate(group.rows):
            _steps(row, place, group.rows, found[index - 1] if index else None, found[index + 1 : index + 2])
    return found


def _row(piece: Piece, bound: Mapping[str, Any]) -> Row:
    name = name_of(piece)
    if isinstance(piece, Item):
        form = bound.get(name) or forms.ItemForm(forms.of_item(piece), name=name)
        return Row(piece, name, piece.title, form)
    return Row(piece, name, title_of(told(piece)), bound.get(name) or forms.BlockForm(forms.of_block(piece), name=name))


def _steps(row: Row, place: int, rows: Sequence[Row], above: Group | None, below: Sequence[Group]) -> None:
    """One step up or down: past its neighbour, or, where it has none of its kind, into the next section."""
    before = rows[place - 1] if place else None
    if before and before.piece.pinned == row.piece.pinned:
        row.up = {"before": before.name, "section": row.piece.section}
    elif above:
        row.up = {"before": "", "section": above.title}
    after = rows[place + 1] if place + 1 < len(rows) else None
    if after and after.piece.pinned == row.piece.pinned:
        next_but_one = rows[place + 2] if place + 2 < len(rows) else None
        row.down = {"before": next_but_one.name if next_but_one else "", "section": row.piece.section}
    elif below:
        row.down = {"before": below[0].rows[0].name, "section": below[0].title}


def context_of(request: HttpRequest, issue: Issue, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the page needs."""
    config, now = current(), timezone.now()
    newsletter = config.newsletters.get(issue.newsletter)
    groups = groups_of(issue, bound)
    letter = bound.get("letter") or forms.LetterForm(forms.of_letter(issue), name="letter")
    subject, preheader, fault = _inbox_line(issue) if newsletter else ("", "", "config.yaml has no such newsletter")
    return {
        "object": issue,
        "colour": STATUSES[Issue.Status(issue.status)],
        "may_edit": issue.status in Issue.EDITABLE and request.user.has_perm("newsletter.change_issue"),
        "over": issue.status not in Issue.EDITABLE,
        "verbs": _verbs(request, issue),
        "letter": letter,
        "sender": (newsletter.sender.name or newsletter.sender.address) if newsletter else issue.newsletter,
        "subject": subject,
        "preheader": preheader,
        "fault": fault,
        "groups": groups,
        "hold": {"to": "on"},
        "let_go": {"to": "off"},
        "lead": next((row.name for group in groups for row in group.rows if row.item), ""),
        "titles": _titles(groups, newsletter),
        "aside": SetAside.offered(issue)[:50],
        "add": bound.get("add") or forms.BlockForm({"text": ""}, name="add"),
        "after": request.POST.get("after") or request.GET.get("after", ""),
        "key": str(uuid.uuid4()),
        "others": Opened.others(issue, request.user, now),
        "last": issue.revisions.select_related("by").defer("state").first(),
        "zone": actions.zone_of(issue) if newsletter else None,
        "said": " ".join(str(one) for one in get_messages(request)),
        "elsewhere": [(title, address) for title, address in _elsewhere(issue) if address],
    }


def _titles(groups: Sequence[Group], newsletter: Newsletter | None) -> list[str]:
    """The sections that a piece may be moved to: those of the issue, then those of config.yaml."""
    known = [part.title for part in newsletter.sections] if newsletter else []
    return list(dict.fromkeys(filter(None, [*(group.title for group in groups), *known])))


def _inbox_line(issue: Issue) -> tuple[str, str, str]:
    """Subject and preheader as readers would see them, or have; or what keeps them from being made."""
    if issue.edition and issue.status not in Issue.EDITABLE:
        return render.for_nobody(issue.edition, "subject"), render.for_nobody(issue.edition, "preheader"), ""
    try:
        return (*render.inbox_line(issue, current()), "")
    except render.RenderError as error:
        return "", "", str(error)


def _verbs(request: HttpRequest, issue: Issue) -> list[tuple[str, str, bool]]:
    """The buttons that take the issue further: title, address, whether it is the one that comes next."""
    return [
        (
            verb.label or name.capitalize(),
            reverse(f"admin:newsletter_issue_{name}", args=(issue.pk,)),
            name in ("approve", "hand_in"),
        )
        for name, verb in actions.VERBS.items()
        if verb.offered(request.user, issue)
    ]


def _elsewhere(issue: Issue) -> list[tuple[str, str]]:
    """Other pages about the issue, as far as this desk has them."""
    over = issue.status not in Issue.EDITABLE
    making = [("New posts", _address("desk-new-posts", issue)), ("Checks", _address("desk-checks", issue))]
    return [
        ("Preview", _address("desk-preview", issue)),
        *([("Report", _address("desk-report", issue))] if over else making),
        ("A/B", _address("desk-ab", issue)),
        ("History", _address("desk-history", issue)),
        ("Audience and facts", _address("admin:newsletter_issue_change", issue)),
    ]


def _address(name: str, issue: Issue) -> str:
    try:
        return reverse(name, args=(issue.pk,))
    except NoReverseMatch:
        return ""
