"""Rows for tests: each function makes one, whole and plausible; name only what the test is about."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model

from newsletter import pipeline, tokens
from newsletter.models import (
    Edition,
    Event,
    Issue,
    Item,
    Link,
    Message,
    Notice,
    Poll,
    Post,
    Reply,
    Sighting,
    Source,
)
from newsletter.models.event import READING
from newsletter.models.post import likeness
from newsletter.models.taking import Happening, take_in
from subscribers.addresses import normalize
from subscribers.models import List, Occasion, Origin, Subscriber, Subscription, Suppression

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
_number = count(1)


def make_source(name: str = "wire", **fields: Any) -> Source:
    """A source of this name; the same row when it is asked for twice."""
    defaults = {"kind": "feed", "location": "http://127.0.0.1:9/feed", **fields}
    return Source.objects.update_or_create(name=name, defaults=defaults)[0]


def make_post(**fields: Any) -> Post:
    """A post published an hour before NOW."""
    number = next(_number)
    at = fields.setdefault("published_at", NOW - timedelta(hours=1))
    defaults: dict[str, Any] = {
        "key": hashlib.sha256(b"post %d" % number).hexdigest(),
        "url": f"https://example.org/stories/{number}",
        "title": f"Story {number}",
        "summary": "What happened, in a sentence.",
        "html": "<p>What happened, in full.</p>",
        "words": 400,
        "collected_at": at,
        "updated_at": at,
    }
    if "source" not in fields:
        fields["source"] = make_source()
    fields.setdefault("likeness", likeness(fields.get("title", defaults["title"])))
    post = Post.objects.create(**{**defaults, **fields})
    Sighting.objects.create(post=post, source=post.source, guid=post.key, fingerprint=post.key)
    return post


def make_issue(**fields: Any) -> Issue:
    """A draft of `weekly`, due at NOW and one week later for each further one."""
    newsletter = fields.setdefault("newsletter", "weekly")
    due = fields.setdefault("due_at", NOW + timedelta(weeks=Issue.objects.filter(newsletter=newsletter).count()))
    defaults = {"slug": f"{due:%Y-%m-%d}", "cut_off_at": due - timedelta(days=1)}
    return Issue.objects.create(**{**defaults, **fields})


def make_sent_issue(**fields: Any) -> Issue:
    """An issue that has gone out, with the edition that went."""
    subject = fields.pop("subject", "🌍 A whale falls")
    issue = make_issue(**{"status": Issue.Status.SENT, "started_at": NOW, "finished_at": NOW, **fields})
    issue.edition = make_edition(issue, subject=subject)
    issue.save()
    return issue


def make_edition(issue: Issue, **parts: Any) -> Edition:
    """What an issue looks like in the mail."""
    defaults = {"subject": "🌍 A whale falls", "preheader": "and more", "html": "<p>Hello</p>", "text": "Hello"}
    return Edition.keep(issue, **{"marker": "hmarker", **defaults, **parts})


def make_item(issue: Issue, post: Post | None = None, **fields: Any) -> Item:
    """A post in an issue, after the items it has already."""
    item = Item.copy_of(post or make_post(), **{"issue": issue, "position": issue.items.count(), **fields})
    item.save()
    return item


def make_list(name: str = "readers", **fields: Any) -> List:
    """A list of this name; the same row when it is asked for twice."""
    return List.objects.get_or_create(name=name, defaults=fields)[0]


def make_subscriber(email: str = "", lists: tuple[str, ...] = ("readers",), **fields: Any) -> Subscriber:
    """A person with an active subscription to each of the lists."""
    typed, key = normalize(email or f"reader{next(_number)}@example.org")
    subscriber = Subscriber.objects.create(email=typed, key=key, **fields)
    for name in lists:
        Subscription.objects.create(
            subscriber=subscriber, list=make_list(name), changed_at=NOW, joined_at=NOW, how="imported"
        )
    return subscriber


def make_suppression(email: str, kind: str = Suppression.Kind.COMPLAINED) -> Suppression:
    """An address that must not be written to."""
    return Suppression.objects.create(key=normalize(email)[1], kind=kind)


def occasion(how: str = "asked to", at: datetime = NOW, source: Origin = Origin.PAGE, **circumstances: Any) -> Occasion:
    """The circumstances of a change."""
    return Occasion(at, source, how, **circumstances)


def make_message(issue: Issue | None = None, subscriber: Subscriber | None = None, **fields: Any) -> Message:
    """A submitted message of a sent issue, for a new subscriber."""
    state = fields.pop("state", Message.State.SUBMITTED)
    fields.setdefault("submitted_at", NOW if state == Message.State.SUBMITTED else None)
    return Message.objects.create(
        issue=issue or make_sent_issue(), subscriber=subscriber or make_subscriber(), state=state, **fields
    )


def make_link(issue: Issue, url: str = "https://example.org/stories/1") -> Link:
    """An address that a mail of the issue leads to."""
    return Link.objects.get(pk=Link.number(issue, [url])[url])


def make_event(message: Message, kind: str = Event.Kind.OPEN, **fields: Any) -> Event:
    """Something that came back from a message."""
    at, link = fields.pop("at", NOW), fields.pop("link", None)
    judged = Event.Judged.HUMAN if kind in READING else ""
    told = Happening(message.pk, Event.Kind(kind), at, link and link.pk, **{"judged": judged, **fields})
    taken = take_in([told], max(at, NOW))
    assert len(taken.new) == 1, "nothing is kept of somebody erased, or by a link of another issue"
    return Event.objects.latest("pk")


def make_staff(name: str = "ada", **fields: Any) -> Any:
    """A member of staff who may do everything, unless told otherwise."""
    fields = {"is_staff": True, "is_superuser": True, **fields}
    return get_user_model().objects.create_user(name, f"{name}@example.org", "a long password", **fields)


def make_reply(issue: Issue | None = None, **fields: Any) -> Reply:
    """A published reply of a new subscriber to a sent issue."""
    number = next(_number)
    defaults = {
        "issue": issue or make_sent_issue(), "author_name": "Maja", "via": Reply.Via.PAGE,
        "state": Reply.State.PUBLISHED, "text": f"Words {number}", "received_at": NOW, "published_at": NOW,
    }  # fmt: skip
    if "subscriber" not in fields:
        fields["subscriber"] = make_subscriber()
    return Reply.take(f"reply {number}", **{**defaults, **fields})[0]


def make_poll(issue: Issue, question: str = "Tea or coffee?", answers: tuple[str, ...] = ("Tea", "Coffee")) -> Poll:
    """A poll of an issue, after those it has already."""
    return Poll.objects.create(issue=issue, number=issue.polls.count(), question=question, answers=list(answers))


def make_notice(**fields: Any) -> Notice:
    """A sign-in mail that waits to be sent."""
    facts = {"sign_in_url": "http://127.0.0.1:8000/sign-in/x", "expires": "09:00", "purpose": "With one click."}
    person = fields.pop("subscriber", None) or make_subscriber()
    defaults = {"kind": "sign_in", "newsletter": "weekly", "to": person.email, "facts": facts, "now": NOW}
    return Notice.queue(**{**defaults, "subscriber": person, **fields})


def token_of(message: Message) -> str:
    """The token that travels in a message's links."""
    return tokens.sign(message.pk, settings.SECRET_KEY)


def file_away() -> None:
    """Let the stories of public issues be found, as the job does."""
    pipeline.file_away(pipeline.Context(settings.NEWSLETTER, settings.SECRET_KEY))
