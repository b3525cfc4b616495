"""The pages of an issue, and of a post that is published only by us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe
from markupsafe import Markup

from newsletter import links
from newsletter import render as rendering
from newsletter.config import Config
from newsletter.models import Entry, Issue, Post, Term
from newsletter.models.archive import near, slug
from newsletter.reader import replies
from newsletter.reader.caching import public
from newsletter.reader.frame import Frame, frame_of, page
from newsletter.reader.jinja import here
from newsletter.reader.known import known
from newsletter.reader.meta import Crumb, Meta, article, feeds, whole
from newsletter.reader.people import bylines
from newsletter.reader.shelves import Card, cards, listed, titled
from newsletter.reader.stories import Result, results
from newsletter.render.words import lead_emoji
from newsletter.settings import current

KEEP = 3
TAGS = 10
"""Tags under an issue at most; a digest of twelve stories may have fifty."""


@require_safe
def issue(request: HttpRequest, newsletter: str, slug: str) -> HttpResponseBase:
    """An issue as it was sent, for anyone to read."""
    config = current()
    known(config, newsletter)
    found = get_object_or_404(titled(Issue.public().filter(newsletter=newsletter)), slug=slug)
    edition = found.edition and found.edition.digest
    return public(request, lambda: _issue(config, request, found), edition, *replies.state(found))


@require_safe
def post(request: HttpRequest, number: int, slug: str) -> HttpResponseBase:
    """A post that is published nowhere else, once an issue with it has gone out."""
    config = current()
    found = get_object_or_404(Post.public(), pk=number)
    right = links.post(config, found.pk, found.title)
    if slug != right.rstrip("/").rpartition("/")[2]:
        return HttpResponsePermanentRedirect(right)
    told_in = _told_in(config, found)
    said = replies.state(told_in) if told_in else ()
    return public(request, lambda: _post(config, request, found, told_in), found.updated_at, *said)


def _issue(config: Config, request: HttpRequest, issue: Issue) -> HttpResponse:
    try:
        reading = rendering.reading(issue, config)
    except rendering.RenderError as error:
        raise Http404(f"there is nothing left to show of {issue}") from error
    frame, terms = frame_of(config, issue.newsletter), _terms(Q(entries__item__issue=issue))
    corrections = list(issue.corrections.all())
    before, after = _neighbours(config, issue)
    talk = replies.context_for(request, issue)
    meta = _meta(config, reading, frame, terms, reverse("share", args=(issue.newsletter, issue.slug)))
    meta = replace(
        meta,
        indexed=issue.kind == Issue.Kind.REGULAR,
        published=reading.number.due if reading.number else None,
        modified=max((one.changed_at for one in corrections), default=None),
        previous=whole(config, before.path) if before else "",
        next=whole(config, after.path) if after else "",
    )
    return _page(
        request, config, frame, reading, meta, terms, date=meta.published, issue=issue, corrections=corrections,
        previous=before, next=after, keep=cards(config, listed(near(issue, tuple(config.newsletters), KEEP))),
        issue_card=None, boxes=replies.boxes(talk), **talk,
    )  # fmt: skip


def _post(config: Config, request: HttpRequest, post: Post, told_in: Issue | None) -> HttpResponse:
    try:
        reading = rendering.reading_of_post(post, config)
    except rendering.RenderError as error:
        raise Http404(f"there is nothing left to show of {post}") from error
    frame, terms = frame_of(config, reading.letter.id), _terms(Q(entries__post=post))
    meta = _meta(config, reading, frame, terms, reverse("share-post", args=(post.pk,)))
    published = reading.lead.published
    changed = post.updated_at if post.updated_at.date() > published.date() else None
    meta = replace(meta, published=published, modified=changed)
    keep = [_card(one) for one in results(config, Entry.like(post, tuple(config.newsletters), KEEP))]
    return _page(
        request, config, frame, reading, meta, terms, date=published, issue=None, corrections=[], previous=None,
        next=None, keep=keep, boxes=_boxes(request, reading, told_in),
        issue_card=next(iter(cards(config, [told_in] if told_in else [])), None),
    )  # fmt: skip


def _told_in(config: Config, post: Post) -> Issue | None:
    """The latest issue with a post in it."""
    return listed(Issue.in_archive().filter(items__post=post, newsletter__in=config.newsletters)).first()


def _boxes(request: HttpRequest, reading: rendering.Reading, issue: Issue | None) -> dict[int, Markup]:
    """The boxes of a post's own polls, which have other numbers in the issue that asked them."""
    asked = {block.title: block.number for block in reading.lead.blocks if block.kind == "poll"}
    if issue is None or not asked:
        return {}
    talk = replies.context_for(request, issue)
    boxes = replies.boxes(talk)
    return {asked[poll.question]: boxes[poll.number] for poll in talk["polls"] if poll.question in asked}


def _page(
    request: HttpRequest, config: Config, frame: Frame, reading: rendering.Reading, meta: Meta, terms: list[Term],
    **shown: Any,
) -> HttpResponse:  # fmt: skip
    publisher, logo = config.site.name, frame.logo
    json_ld = article(config, meta, publisher, logo, frame.language, news=reading.number is not None)
    pages = {term.slug for term in terms if term.kind == Term.Kind.AUTHOR}
    people = [one if slug(one.name) in pages else replace(one, path="") for one in bylines(config, reading.authors)]
    return page(
        request, "reading.html", frame, reading=reading, meta=replace(meta, json_ld=json_ld), people=people,
        tags=[term for term in terms if term.kind == Term.Kind.TAG], joined=_has_box(reading),
        shares=links.shares(meta.title, meta.canonical).items(), **shown,
    )  # fmt: skip


def _meta(config: Config, reading: rendering.Reading, frame: Frame, terms: list[Term], share: str) -> Meta:
    archive = Crumb(
        "Issues" if frame.title == config.site.name else frame.title,
        reverse("archive", args=(reading.letter.id,)),
    )
    own = Crumb(lead_emoji(reading.title)[1], here(reading.url))
    return Meta(
        title=reading.title,
        description=reading.subtitle or reading.lead.summary or reading.title,
        canonical=reading.url,
        image=whole(config, share),
        image_alt=reading.title,
        kind="article",
        authors=reading.authors,
        tags=[term.name for term in terms if term.kind == Term.Kind.TAG],
        crumbs=(Crumb(config.site.name, reverse("home")), archive, own),
        feeds=feeds(config, reading.letter.id),
    )


def _terms(where: Q) -> list[Term]:
    """The tags and authors, first those that most of the stories have; of the tags so many as one looks at."""
    found = Term.objects.filter(where).annotate(stories=Count("entries")).order_by("-stories", "slug")
    tags = [term for term in found if term.kind == Term.Kind.TAG][:TAGS]
    return [*tags, *(term for term in found if term.kind == Term.Kind.AUTHOR)]


def _neighbours(config: Config, issue: Issue) -> tuple[Card | None, Card | None]:
    """The issues before and after it, of the same newsletter."""
    same = titled(Issue.in_archive().filter(newsletter=issue.newsletter).exclude(pk=issue.pk))
    before = same.filter(due_at__lte=issue.due_at).order_by("-due_at", "-pk")[:1]
    after = same.filter(due_at__gt=issue.due_at).order_by("due_at", "pk")[:1]
    return next(iter(cards(config, before)), None), next(iter(cards(config, after)), None)


def _card(result: Result) -> Card:
    return Card(
        title=result.title, summary="", date=result.date, path=result.path, newsletter=result.newsletter,
        name=result.name, language=result.language, image=result.image, alt=result.alt,
    )  # fmt: skip


def _has_box(reading: rendering.Reading) -> bool:
    """Whether the story itself asks to subscribe: once is enough."""
    own = (block for one in reading.own for block in one.blocks)
    told: Iterable[Any] = (*reading.opening, *(reading.lead.blocks if reading.whole else ()), *own, *reading.closing)
    return any(block.kind == "subscribe" for block in told)
