"""The list: the posts of one newsletter by tab, with what stands about each."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from newsletter import compose
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page
from newsletter.desk.pages.inbox import deciding
from newsletter.desk.pages.inbox.filters import NAMES, FilterForm
from newsletter.desk.pages.inbox.room import Room, newsletters_of, said, triage_page
from newsletter.models import Issue, Post, Sighting, Triage
from newsletter.models.inbox import TABS, Place, Shown

TITLES = {"unread": "Unread", "starred": "Starred", "all": "All", "used": "In issues", "rejected": "Rejected"}
KEYS = (
    ("j", "the next post"), ("k", "the post before"), ("s", "star it, or take the star away"),
    ("x", "reject it, or take that back"), ("u", "mark it as read, or as unread"), ("e", "open it"),
    ("space", "tick it"), ("z", "undo what was done last"), ("/", "look for words"), ("?", "show or hide this"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A post as the list shows it. `seen` names it, and what stood about it when this page was made."""

    post: Post
    triage: Triage | None
    section: str
    address: str
    sources: list[str] = field(default_factory=list)
    copies: list[tuple[Post, str]] = field(default_factory=list)
    refused: list[tuple[Post, str]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    @property
    def standing(self) -> str:
        """Starred, rejected, or neither."""
        return self.triage.standing if self.triage else ""

    @property
    def seen(self) -> str:
        """The post's number and its standing, as the buttons send them back."""
        return f"{self.post.pk}.{self.standing}"

    @property
    def is_read(self) -> bool:
        """Whether somebody has looked at it."""
        return bool(self.triage and self.triage.read_at)


@triage_page
def index(request: HttpRequest) -> HttpResponse:
    """Go to the inbox of the newsletter that was chosen, or of the first one."""
    known = newsletters_of(request)
    if not known:
        return desk_page(request, "inbox_none.html", "Inbox")
    chosen = request.GET.get("newsletter", "")
    return SeeOther(reverse("desk-inbox-of", args=(chosen if chosen in known else next(iter(known)),)))


@triage_page
def inbox(request: HttpRequest, newsletter: str) -> HttpResponse:
    """A page of posts; on POST do what was pressed, and show the page anew."""
    room = Room.of(request, newsletter)
    if request.method == "POST":
        deciding.act(request, room)
        return SeeOther(request.get_full_path())
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    form = FilterForm(request.GET, room)
    shown = room.inbox.page(tab, form.filters(), Place.of(request.GET.get("after", "")))
    return desk_page(
        request, "inbox.html", "Inbox", room=room, said=said(request), newsletters=newsletters_of(request), tab=tab,
        tabs=_tabs(room), form=form, rows=rows_of(room, shown), shown=shown, keys=KEYS, first=_address(request, tab),
        next=_address(request, tab, shown.next) if shown.next else "", tags=_tags(room), further="after" in request.GET,
        nothing=not form.active and tab == "all" and not shown.posts and "after" not in request.GET,
    )  # fmt: skip


def rows_of(room: Room, shown: Shown) -> list[Row]:
    """What stands about each post of a page, in a handful of queries."""
    numbers = [post.pk for post in shown.posts]
    triage, used, sources = Triage.of(room.name, numbers), room.inbox.used_by(numbers), _sources(numbers)
    return [
        Row(
            post, triage.get(post.pk), section_of(room, post), room.story(post.pk), sources.get(post.pk, []),
            [(one, room.story(one.pk)) for one in shown.copies.of.get(post.pk, ())],
            [(one, room.story(one.pk)) for one in shown.copies.refused.get(post.pk, ())], used.get(post.pk, []),
        )
        for post in shown.posts
    ]  # fmt: skip


def section_of(room: Room, post: Post) -> str:
    """The title of the section that a post would stand in; empty if issues leave it out."""
    at, titles = compose.section_of(post, room.newsletter), room.sections
    return titles[at] if at < len(titles) else ""


def _sources(numbers: list[int]) -> dict[int, list[str]]:
    """Every source that has brought each of these posts."""
    found: dict[int, list[str]] = {}
    seen = Sighting.objects.filter(post__in=numbers).order_by("pk").values_list("post", "source__name")
    for post, name in seen:
        if name not in found.setdefault(post, []):
            found[post].append(name)
    return found


def _tabs(room: Room) -> list[tuple[str, str, str]]:
    """Each tab's name, title, and how many are in it where that is quickly told."""
    number, more = room.inbox.unread()
    counts = {"unread": f"{number}{'+' if more else ''}"}
    counts |= {name: f"{room.inbox.decided(name):,}" for name in ("starred", "rejected")}
    return [(name, title, counts.get(name, "")) for name, title in TITLES.items()]


def _address(request: HttpRequest, tab: str, after: Place | None = None) -> str:
    """This page's own address with the same filters, from the start or from a place."""
    kept = {name: value for name in NAMES if (value := request.GET.get(name, ""))}
    return "?" + urlencode({"tab": tab, **kept, **({"after": str(after)} if after else {})})


def _tags(room: Room) -> list[str]:
    """Tags to choose from: those that the newsletter's sections ask for."""
    return sorted({tag.lower() for section in room.newsletter.sections for tag in section.tags})
