"""What readers say stands on the issue's own page: live, the same as in the mail, and never out of a stale cache."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from newsletter.models import Correction, Issue, Like, Poll, Reply
from newsletter.render import preview
from newsletter.settings import current
from tests.factories import (
    file_away,
    make_edition,
    make_issue,
    make_item,
    make_message,
    make_poll,
    make_post,
    make_reply,
    make_sent_issue,
    make_subscriber,
    token_of,
)
from tests.reader.pages import Page, faults
from tests.reader.talk import browser, text_of

pytestmark = pytest.mark.django_db

POLL = '<figure data-block="poll"><p>{}</p><ul><li>One</li><li>Two</li></ul></figure>'
_CHOICE = re.compile(r'name="answer" value="(\d)"[^>]*><span[^>]*>([^<]+)<')


def path_of(issue):
    return f"/issues/{issue.newsletter}/{issue.slug}/"


def sent(**fields):
    """A sent issue that asks one thing in its opening, one in its story, and one in a story told in short."""
    issue = make_issue(opening="Hello.\n\n::: poll First?\n- Yes\n- No\n:::\n", **fields)
    make_item(issue, make_post(title="A whale falls", html=f"<p>Slowly.</p>{POLL.format('Second?')}", url=""))
    make_item(issue, make_post(title="Ours too", html=f"<p>Quickly.</p>{POLL.format('Third?')}", url=""))
    mail = preview(issue, current(), settings.SECRET_KEY)
    Poll.keep(issue, mail.polls)
    issue.edition = make_edition(issue, subject="🌍 A whale falls")
    issue.status, issue.started_at = Issue.Status.SENT, timezone.now()
    issue.save()
    file_away()
    return issue, mail.html


def test_a_poll_stands_where_the_issue_asks_it_with_the_number_that_the_mail_gives_it(settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"layout": "post"}})
    issue, mail = sent()
    message = make_message(issue)
    client = browser(message.subscriber)
    page = text_of(client.get(path_of(issue)))
    assert faults(page) == []
    asked = {int(number): html for number, html in re.findall(r'id="poll-(\d)"(.*?)</section>', page, re.DOTALL)}
    assert [(number, "First?" in asked[number], "Second?" in asked[number]) for number in asked] == [
        (0, True, False),
        (1, False, True),
    ]
    assert set(re.findall(r"/v/[^/]+/(\d)/(\d)", mail)) == {(str(poll), answer) for poll in asked for answer in "01"}
    assert _CHOICE.findall(asked[0]) == [("0", "Yes"), ("1", "No")]
    browser().post(f"/v/{token_of(message)}/1/0")
    assert "100 % · 1 vote" in text_of(browser().get(path_of(issue))).partition('id="poll-1"')[2]


def test_a_story_told_in_short_has_its_poll_on_its_own_page():
    issue, _ = sent()
    message = make_message(issue)
    Poll.objects.get(number=2).vote(message.subscriber, 1, timezone.now())
    post = issue.items.get(position=1).post
    client = browser()
    page = client.get(f"/posts/{post.pk}/ours-too/")
    assert faults(text_of(page)) == []
    assert "Third?" in text_of(page)
    assert "100 % · 1 vote" in text_of(page)
    Poll.objects.get(number=2).vote(make_subscriber(), 0, timezone.now())
    again = client.get(f"/posts/{post.pk}/ours-too/", headers={"If-None-Match": page["ETag"]})
    assert (again.status_code, text_of(again).count("50 % · 1 vote")) == (200, 2)


def changes(issue):
    reader = make_subscriber()
    poll = make_poll(issue)
    held = make_reply(issue, state="held")
    yield "nothing", False, lambda: None
    yield "a reply that waits", False, lambda: make_reply(issue, state="held")
    yield "a reply approved", True, lambda: Reply.move(Reply.objects.filter(pk=held.pk), "published", timezone.now())
    yield "an answer of ours", True, lambda: make_reply(issue, parent=held, via="desk", subscriber=None)
    yield "a reply hidden", True, lambda: Reply.move(Reply.objects.filter(pk=held.pk), "hidden", timezone.now())
    yield "a like", True, lambda: Like.keep(issue, reader, timezone.now())
    yield "a like taken back", True, lambda: issue.likes.all().delete()
    yield "a vote", True, lambda: poll.vote(reader, 0, timezone.now())
    yield "another answer", True, lambda: poll.vote(reader, 1, timezone.now())
    yield "a correction", True, lambda: Correction.objects.create(issue=issue, text="It was a dolphin.")
    yield "the end of the polls", True, lambda: Issue.objects.update(started_at=timezone.now() - timedelta(days=31))


def test_a_browser_fetches_the_page_again_when_it_reads_differently_and_only_then():
    issue, client = make_sent_issue(started_at=timezone.now()), browser()
    make_item(issue, make_post())
    path = path_of(issue)
    steps = changes(issue)
    step = next(steps)
    held = {"If-None-Match": client.get(path)["ETag"]}
    while step:
        what, differs, act = step
        act()
        answer = client.get(path, headers=held)
        assert (answer.status_code == 200) is differs, what
        held = {"If-None-Match": answer["ETag"]}
        step = next(steps, None)


def test_a_page_is_everybodys_until_a_reader_signs_in_and_then_theirs_alone():
    issue, reader = make_sent_issue(started_at=timezone.now()), make_subscriber()
    make_item(issue, make_post())
    make_reply(issue, subscriber=reader, state="held", text="Is it dead?")
    public, private = browser().get(path_of(issue)), browser(reader).get(path_of(issue))
    assert (public["Cache-Control"], "Cookie" in public["Vary"]) == ("public, max-age=300", True)
    assert (private["Cache-Control"], "Cookie" in private["Vary"]) == ("private, no-store", True)
    assert "ETag" not in private
    assert "Is it dead?" not in text_of(public)
    assert "Is it dead?" in text_of(private)
    assert "Is it dead?" not in text_of(browser(make_subscriber()).get(path_of(issue)))


def test_much_that_is_said_asks_the_database_no_more(django_assert_max_num_queries):
    issue, _ = sent()
    for _ in range(12):
        said = make_reply(issue)
        make_reply(issue, parent=said)
        Poll.objects.first().vote(said.subscriber, 0, timezone.now())
    with django_assert_max_num_queries(26):
        browser().get(path_of(issue))


@pytest.mark.parametrize("path", ["/issues/weekly/2020-01-01/", "/issues/weekly/2020-01-01/replies/"])
def test_an_error_within_a_newsletter_has_its_frame(settings, make_config, path):
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    other = {**weekly, "title": "أطلس", "language": "ar"}
    settings.NEWSLETTER = make_config(newsletters={"arabic": other})
    (html,) = Page(browser().get(path.replace("weekly", "arabic"))).all("html")
    assert (html["lang"], html["dir"]) == ("ar", "rtl")
    (html,) = Page(browser().get("/nowhere/")).all("html")
    assert (html["lang"], html["dir"]) == ("en", "ltr")


def test_what_belongs_to_one_reader_of_a_newsletter_has_its_frame(settings, make_config):
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    settings.NEWSLETTER = make_config(newsletters={"arabic": {**weekly, "title": "أطلس", "language": "ar"}})
    message = make_message(make_sent_issue(newsletter="arabic", started_at=timezone.now()))
    make_poll(message.issue)
    token, back = token_of(message), "/issues/arabic/2026-11-20/replies/%23replies"
    for path in (f"/l/{token}", f"/v/{token}/0/0", f"/v/{token}/0/", f"/u/{token}", f"/sign-in/?back={back}"):
        (html,) = Page(browser().get(path)).all("html")
        assert (html["lang"], html["dir"]) == ("ar", "rtl"), path
