"""The demo with readers in it: every page that can be reached, and those that only a mail leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from newsletter import pipeline, publication, splice, tokens
from newsletter.config import Config, load
from newsletter.models import Correction, Issue, Like, Message, Notice, SignIn
from newsletter.pipeline import Context
from newsletter.questions import Person
from newsletter.reader import errors
from newsletter.render import preview
from subscribers.models import List
from tests.factories import make_item, make_post, make_reply, make_sent_issue
from tests.reader.doing import behind_the_answer
from tests.reader.joining import stamp
from tests.reader.talk import browser, replies_of

ROOT = Path(__file__).parents[2]
KEY = "a key for tests"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADDRESS = "http://testserver"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
_HREF = re.compile(r'<(?:a|form)\b[^>]*?\b(?:href|action)="([^"]*)"')


@dataclass(frozen=True)
class Shown:
    """What readers see: pages and mails by name."""

    pages: dict[str, str]
    mails: dict[str, str]

    @property
    def kinds(self) -> dict[str, str]:
        """One page of each kind, and all that stand alone: axe takes a second for each."""
        found = dict[str, tuple[str, str]]()
        for name, html in self.pages.items():
            kind = re.sub(r"=[^&]*", "=", re.sub(r"^/(posts|tags|authors)/[^?]*", r"/\1/", name))
            found.setdefault(kind, (name, html))
        return dict(found.values())


def demo_config(var: Path) -> Config:
    """The demo's configuration, and beside it a newsletter in Arabic with the look of a newspaper."""
    given = load(ROOT / "config.yaml", environ={}).model_dump(mode="python", exclude_unset=True)
    given["site"] |= {"url": ADDRESS, "var": str(var)}
    right_to_left: dict[str, Any] = {
        "title": "أطلس بالعربية", "tagline": "العالم كل أسبوع", "language": "ar", "theme": "gazette",
        "sources": ["atlas"],
        "lists": ["atlas-readers"], "sender": {"name": "Atlas", "address": "ar@atlas-news.example.org"},
        "postal_address": "Atlas News, 7 Meridian Lane, Sampleton SM1 1AA",
    }  # fmt: skip
    given["newsletters"]["atlas-ar"] = right_to_left
    given["newsletters"]["atlas-weekly"]["topics"] = True
    return Config.model_validate(given).beside(ROOT)


def publish(config: Config) -> None:
    """Send the demo's issues to the outbox."""
    ctx = Context(config, KEY, lambda: NOW)
    publication.seed_lists(config, NOW)
    for _ in range(2):
        for job in pipeline.JOBS:
            job.run(ctx)


def shown() -> Shown:
    """Let readers do what readers do, then look at everything."""
    issue = Issue.objects.get(newsletter="atlas-story")
    _right_to_left()
    pages = {}
    for name, answer in (*_by_mail(issue), *_talk(issue), *_signing_in(issue), *_joining(issue), *_wrong(issue)):
        assert answer["Content-Type"].startswith("text/html"), f"{name} answers {answer.status_code}"
        pages[name] = answer.content.decode()
    return Shown({**pages, **crawl()}, {one.newsletter: mail(one) for one in Issue.objects.all()})


def mail(issue: Issue) -> str:
    """The mail of an issue, for one reader."""
    from newsletter.settings import current

    drawn = preview(issue, current(), KEY)
    reader = splice.answers("token", Person("reader@example.org", "Robin Reader"), drawn.late)
    return splice.fill(drawn.html, drawn.marker, reader, "html")


def crawl() -> dict[str, str]:
    """Every page that can be reached from the home page, by its address."""
    client, waiting, found = Client(), ["/"], dict[str, str]()
    while waiting:
        address = waiting.pop(0)
        if address in found:
            continue
        answer = client.get(address)
        assert answer.status_code in (200, 302, 405), f"{address} answers {answer.status_code}"
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found[address] = answer.content.decode()
            waiting += [one for one in _ways(address, found[address]) if one not in found]
    assert len(found) > 30
    return found


def _ways(address: str, html: str) -> list[str]:
    whole = (urlsplit(urljoin(f"{ADDRESS}{address}", unescape(href))) for href in _HREF.findall(html))
    elsewhere = ("/desk/", "/static/", "/files/", "/feeds/", "/share/", "/sign-in/")
    ours = [one for one in whole if one.netloc == "testserver" and not one.path.startswith(elsewhere)]
    return list(dict.fromkeys(one.path + (f"?{one.query}" if one.query else "") for one in ours))


def _right_to_left() -> None:
    """An issue in Arabic, with hard titles, a correction and a reply."""
    issue = make_sent_issue(newsletter="atlas-ar", subject="🐳 أطول غداء في البحر", due_at=NOW)
    html = "<p>سقط الحوت ببطء.</p><blockquote><p>هكذا قيل</p></blockquote><pre><code>a = 1</code></pre>"
    make_item(issue, make_post(title="🐳 أطول غداء في البحر", html=html, url="", tags=["بحر"], authors=["ليلى"]))
    make_item(issue, make_post(title=LONG, summary=LONG, tags=[LONG[:90]]), section="العالم")
    Correction.objects.create(issue=issue, text="كان دلفينا.")
    make_reply(issue, text=f"{LONG}\n\nشكرا", author_name=LONG[:80])


def _by_mail(issue: Issue) -> Iterator[tuple[str, HttpResponse]]:
    """Where the links of a mail lead, before and after the button there is pressed."""
    client, message = browser(), Message.objects.filter(issue=issue).earliest("pk")
    token = tokens.sign(message.pk, KEY)
    tested = tokens.sign(issue.pk, KEY, tokens.TEST)
    for what, path in (("like", f"/l/{token}"), ("vote", f"/v/{token}/0/1")):
        yield what, client.get(path)
        yield f"{what} done", client.post(path, follow=True)
    yield "vote again", client.get(f"/v/{token}/0/2")
    for path in ("/l/{}", "/v/{}/0/1", "/v/{}/0/", "/u/{}"):
        yield f"test mail {path}", client.get(path.format(tested))
    leaving = Message.objects.filter(issue=issue).latest("pk")
    yield "unsubscribe", client.get(f"/u/{tokens.sign(leaving.pk, KEY)}")
    path = f"/u/{tokens.sign(leaving.pk, KEY)}"
    yield "unsubscribed", client.post(path)
    yield "unsubscribed, and said why", client.post(f"{path}/why", {"why": "many"}, follow=True)
    yield "unsubscribed, and undone", client.post(f"{path}/undo", follow=True)


def _talk(issue: Issue) -> Iterator[tuple[str, HttpResponse]]:
    """The page of an issue that readers have a good deal to say about, for one who is signed in, and for anybody."""
    first, second, third = Message.objects.filter(issue=issue).order_by("pk")[1:4]
    poll = issue.polls.get(number=0)
    for place, message in enumerate((first, second, third)):
        assert message.subscriber
        Like.keep(issue, message.subscriber, NOW)
        if message != third:
            poll.vote(message.subscriber, place, NOW)
    Correction.objects.create(issue=issue, text="It was a sperm whale.\nWe are sorry, and so is the whale.")
    said = make_reply(issue, subscriber=first.subscriber, text="I have never been so hungry.\n\n" + LONG)
    make_reply(issue, parent=said, via="desk", author_name="", text="There is cheese left.")
    make_reply(issue, parent=said, author_name="A & B <c>", text="Save me some.")
    make_reply(issue, subscriber=third.subscriber, state="held", text="Is nobody going to mention the worms?")
    for who, reader in (("anybody", None), ("one who voted", first.subscriber), ("one who waits", third.subscriber)):
        client = browser(reader)
        yield f"replies for {who}", client.get(replies_of(issue))
        yield f"issue for {who}", client.get(f"/issues/{issue.newsletter}/{issue.slug}/")
        yield (
            f"empty reply of {who}",
            client.post(replies_of(issue), {"text": "", "email": "x", "parent": str(said.pk)}),
        )
    typed = {"text": "Cheese!", "name": "Robin", "email": third.subscriber.email}
    yield "reply that waits for a sign-in", browser().post(replies_of(issue), typed)


def _signing_in(issue: Issue) -> Iterator[tuple[str, HttpResponse]]:
    """The form, what it answers, the mailed link with its button, with and without words that wait, and its end."""
    client, person = browser(), Message.objects.filter(issue=issue).earliest("pk").subscriber
    assert person
    yield "sign in", client.get(f"/sign-in/?back={replies_of(issue)}")
    yield "sign in, no address", client.post("/sign-in/", {"email": "none"})
    yield "sign in, mailed", client.post("/sign-in/", {"email": person.email, "back": replies_of(issue)})
    behind_the_answer()
    for number, notice in enumerate(Notice.objects.filter(kind="sign_in")):
        path = urlsplit(notice.facts["sign_in_url"]).path
        yield f"sign-in button {number}", client.get(path)
    client.post(path)
    yield "sign in again", client.get("/sign-in/")
    yield "sign-in link that is over", client.get(path)
    old = SignIn.objects.create(subscriber=person, created_at=timezone.now() - timedelta(days=1))
    ended = tokens.sign_until(old.pk, timezone.now() - timedelta(hours=1), KEY, tokens.SIGN_IN)
    yield "sign-in link that ended", client.get(f"/sign-in/{ended}")


def _joining(issue: Issue) -> Iterator[tuple[str, HttpResponse]]:
    """From the form to the list, and what there is to choose from then on."""
    client, path = browser(), "/lists/atlas-readers/"
    given = {"email": "new@example.org", "name": "New"}
    List.objects.update(description="What the world did this week, and why.\nNo more than that.")
    yield "subscribe", client.get(f"{path}?from=atlas-story/{issue.slug}")
    yield "subscribe, one more click", client.post(path, given)
    yield "subscribe, no address", client.post(path, {"email": "none", "stamp": stamp("atlas-readers")})
    yield "subscribe, mailed", client.post(path, {**given, "stamp": stamp("atlas-readers")})
    behind_the_answer()
    confirm = urlsplit(Notice.objects.get(kind="confirm").facts["confirm_url"]).path
    yield "confirm", client.get(confirm)
    yield "subscribed", client.post(confirm, {"name": "New"}, follow=True)
    yield from _guarded(path, given)
    yield from _choosing(issue)


def _guarded(path: str, given: dict[str, str]) -> Iterator[tuple[str, HttpResponse]]:
    """The form with a captcha, and a list that is kept by hand."""
    from newsletter.settings import current

    config, client = current(), browser()
    careful = config.audience.subscribe.model_copy(update={"captcha": "altcha"})
    audience = config.audience.model_copy(update={"subscribe": careful})
    with override_settings(NEWSLETTER=config.model_copy(update={"audience": audience})):
        yield "subscribe, captcha", client.get(path)
        yield "subscribe, captcha not solved", client.post(path, {**given, "stamp": stamp("atlas-readers")})
        yield "privacy, captcha", client.get("/privacy/")
    List.objects.update(public=False)
    yield "subscribe, by invitation", client.get("/subscribe/atlas-weekly/")
    yield "nothing to subscribe to", client.get("/subscribe/")
    List.objects.update(public=True)


def _choosing(issue: Issue) -> Iterator[tuple[str, HttpResponse]]:
    """The preferences of somebody who has some, by a mail's link and signed in."""
    message = Message.objects.filter(issue=issue).earliest("pk")
    link = f"/p/{tokens.sign(message.pk, KEY)}"
    yield "preferences by link", browser().get(f"{link}?saved=1")
    yield "preferences, test mail", browser().get(f"/p/{tokens.sign(issue.pk, KEY, tokens.TEST)}")
    person = message.subscriber
    assert person
    person.fields = {"city": LONG[:200], "member": True}
    person.save()
    client = browser(person)
    yield "preferences, signed in", client.get("/preferences/")
    yield "preferences, no such time zone", client.post("/preferences/", {"time_zone": LONG[:60]})
    client.post("/preferences/", {"do": "pause", "weeks": "4"})
    yield "preferences, paused", client.get("/preferences/?saved=1")
    client.post("/preferences/", {"do": "resume"})
    yield "preferences, nothing ticked", client.post("/preferences/", {}, follow=True)
    yield "preferences, back again", client.post("/preferences/", {"list": "atlas-readers"}, follow=True)


def _wrong(issue: Issue) -> Iterator[tuple[str, HttpResponse]]:
    """What readers see where there is nothing, or something went wrong."""
    client = browser()
    yield "nothing here", client.get("/nowhere/")
    yield "no such issue", client.get("/issues/atlas-ar/2020-01-01/")
    yield "from elsewhere", Client().post(replies_of(issue), headers={"Sec-Fetch-Site": "cross-site"})
    yield "nothing found", client.get("/search/?q=xylophone")
    yield "found", client.get("/search/?q=whale&newsletter=atlas-story")
    request = RequestFactory().get("/")
    request.resolver_match = None
    yield "our fault", errors.broken(request)
