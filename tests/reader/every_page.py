"""Every page on which readers choose, leave and see to their data, each in each of its states."""

from datetime import timedelta

from django.utils import timezone

from newsletter import tokens
from newsletter.errands.wishes import Wish
from newsletter.models import Notice
from newsletter.reader import leaving
from subscribers.models import Field, List
from tests.factories import make_list, make_message, make_reply, make_sent_issue, make_subscriber, token_of
from tests.reader.doing import behind_the_answer
from tests.reader.joining import stamp
from tests.reader.talk import browser

OURS = {"Sec-Fetch-Site": "same-origin"}
SECTIONS = [{"title": "Around the world", "tags": ["world"]}, {"title": "Science desk", "tags": ["science"]}]


def publication(make_config, language):
    """Two newsletters that go to one list, in a language, and one that is by invitation."""
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    weekly |= {"language": language, "topics": True, "sections": SECTIONS, "other": None}
    other = {**weekly, "title": "The Daily"}
    closed = {**weekly, "title": "The Inner Circle", "lists": [{"name": "circle", "title": "The Circle"}]}
    # Of another language, so that there is one to choose.
    make_list("circle", public=False, language="eo")
    return make_config(newsletters={"weekly": weekly, "daily": other, "inner": closed})


def everything(settings, language=""):
    """Each page by a name for it; a person's own language is `language`, where one is given."""
    key = settings.SECRET_KEY
    yield from _asking(key)
    Field.objects.create(name="vip", title="Vip", kind="bool")
    maja = make_subscriber("maja@example.org", language=language, fields={"vip": True})
    issue = make_sent_issue(started_at=timezone.now())
    token, anybody, me = token_of(make_message(issue, maja)), browser(), browser(maja)
    test = tokens.sign(issue.pk, key, tokens.TEST)
    yield from _choosing(maja, token, test, anybody, me)
    yield from _staying(maja, tokens.sign(maja.pk, key, tokens.STAY), anybody)
    yield from _leaving(maja, token, test)
    yield from _signing_in(anybody, me)
    yield from _own_data(maja, issue, anybody, me, key)


def _asking(key):
    client = browser()
    yield "subscribe", client.get("/subscribe/weekly/")
    yield "all lists", client.get("/subscribe/")
    fields = {"email": "ada@example.org", "website": "", "stamp": stamp()}
    yield "typing mistake", client.post("/subscribe/weekly/", {**fields, "email": "ada@"}, headers=OURS)
    yield "no address", client.post("/subscribe/weekly/", {**fields, "email": ""}, headers=OURS)
    yield "once more", client.post("/subscribe/weekly/", {**fields, "stamp": ""}, headers=OURS)
    for number in range(4):
        answer = client.post("/subscribe/weekly/", fields, headers=OURS)
        yield f"asked {number}", answer
    link = f"/confirm/{Wish('readers', 'weekly', 'ada@example.org').token(key)}"
    yield "confirm", client.get(link)
    client.post(link, headers=OURS)
    yield "welcome", client.get("/lists/readers/welcome/")
    List.objects.filter(name="readers").update(public=False)
    yield "closed since", client.get(link)
    List.objects.filter(name="readers").update(public=True)
    yield "by invitation", client.get("/subscribe/inner/")


def _choosing(maja, token, test, anybody, me):
    yield "preferences by link", anybody.get(f"/p/{token}")
    yield "preferences of a test", anybody.get(f"/p/{test}")
    yield "preferences", me.get("/preferences/?saved=1")
    yield "no such zone", me.post("/preferences/", {"list": "readers", "time_zone": "Qqxxzz"}, headers=OURS)
    yield "nearly a zone", me.post("/preferences/", {"list": "readers", "time_zone": "Berlinn"}, headers=OURS)
    me.post("/preferences/", {"do": "pause", "weeks": "2"}, headers=OURS)
    yield "paused", me.get("/preferences/?saved=1")
    me.post("/preferences/", {"do": "resume"}, headers=OURS)


def _leaving(maja, token, test):
    client = browser()
    yield "leave", client.get(f"/u/{token}")
    yield "leave a test", client.get(f"/u/{test}")
    client.post(f"/u/{token}", {"by": "page"}, headers=OURS)
    yield "left", client.get(f"/u/{token}")
    yield "on no list", browser(maja).get("/preferences/?saved=1")
    client.post(f"/u/{token}/why", {"why": list(leaving.REASONS)}, headers=OURS)
    yield "thanked", client.get(f"/u/{token}?thanks=1")
    client.post(f"/u/{token}/undo", headers=OURS)
    yield "back", client.get(f"/u/{token}?back=1")


def _staying(maja, token, client):
    for status in ("asked", "dormant", "active"):
        type(maja).objects.update(status=status)
        yield f"stay, {status}", client.get(f"/stay/{token}")
    maja.subscriptions.update(status="unsubscribed")
    yield "nothing to stay for", client.get(f"/stay/{token}")
    maja.subscriptions.update(status="active")


def _signing_in(anybody, me):
    back = "/issues/weekly/2026-11-20/"
    yield "sign in", anybody.get(f"/sign-in/?back={back}")
    yield "signed in already", me.get(f"/sign-in/?back={back}")
    yield "no address to sign in", anybody.post("/sign-in/", {"email": "x", "back": back}, headers=OURS)
    for number in range(4):
        fields = {"email": "maja@example.org", "back": back}
        yield f"link mailed {number}", anybody.post("/sign-in/", fields, headers=OURS)
    behind_the_answer()
    link = Notice.objects.filter(kind="sign_in").latest("pk").facts["sign_in_url"].partition("8000")[2]
    yield "sign-in button", anybody.get(link)
    browser().post(link, headers=OURS)
    yield "sign-in over", browser().get(link)


def _own_data(maja, issue, anybody, me, key):
    path = "/preferences/data/"
    yield "own data", anybody.get(path)
    yield "own data, signed in", me.get(path)
    for kind in ("data", "erase"):
        yield f"{kind} sent", anybody.get(f"{path}?sent={kind}")
    yield "no address for data", anybody.post(path, {"email": "x", "ask": "data"}, headers=OURS)
    yield "no button pressed", anybody.post(path, {"email": "maja@example.org"}, headers=OURS)
    for kind in ("data", "erase"):
        anybody.post(path, {"email": "maja@example.org", "ask": kind}, headers=OURS)
    behind_the_answer()
    links = {
        kind: Notice.objects.filter(kind=kind).latest("pk").facts[f"{kind}_url"].partition("8000")[2]
        for kind in ("data", "erase")
    }
    yield "data", anybody.get(links["data"])
    for _ in range(10):
        anybody.post(links["data"], headers=OURS)
    yield "data too often", anybody.post(links["data"], headers=OURS)
    for _ in range(2):
        make_reply(issue, subscriber=maja, state="published")
    yield "erase", anybody.get(links["erase"])
    over = tokens.sign_until(1, timezone.now() - timedelta(seconds=1), key, tokens.DATA)
    yield "data over", anybody.get(f"{path}{over}")
    answer = anybody.post(links["erase"], {"asked": "replies", "replies": "remove"}, headers=OURS)
    yield "erased", anybody.get(answer["Location"])
