"""The inbox at the desk: what it shows, what its buttons do, and that nothing is lost between two who press them."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from newsletter.models import Decision, Triage
from tests.factories import NOW, make_issue, make_item, make_post, make_source, make_staff

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
INBOX = "/desk/inbox/weekly/"
TITLE = "A whale falls into the deep sea"


@pytest.fixture
def config(settings, make_config):
    sections = [{"title": "World", "tags": ["world"]}, {"title": "Science", "tags": ["science", "space"]}]
    settings.NEWSLETTER = make_config(
        collect={"sources": {"blog": {"location": "http://127.0.0.1:9/blog"}}},
        newsletters={"weekly": {"sources": ["wire", "blog"], "sections": sections}},
    )
    return settings.NEWSLETTER


def shown(client, **query):
    answer = client.get(INBOX, query)
    assert answer.status_code == 200
    return answer


def titles(client, **query):
    return [row.post.title for row in shown(client, **query).context["rows"]]


def press(client, do, posts=(), address=INBOX, **more):
    return client.post(address, {"do": do, "post": list(posts), **more}, follow=True)


def said(answer):
    return [one.text for one in answer.context["said"]]


def stands(post):
    row = Triage.of("weekly", [post.pk]).get(post.pk)
    return row and row.standing


def editor():
    client, user = Client(), make_staff("eve", is_superuser=False)
    user.user_permissions.add(Permission.objects.get(codename="triage_post"))
    client.force_login(user)
    return client


def test_the_inbox_is_for_those_who_may_triage_and_stands_in_their_sidebar():
    make_post(title="A story")
    client = editor()
    page = client.get("/desk/").content.decode()
    assert reverse("desk-inbox") in page
    answer = client.get(reverse("desk-inbox"))
    assert (answer.status_code, answer["Location"]) == (303, INBOX)
    assert titles(client) == ["A story"]
    other = Client()
    other.force_login(make_staff("sam", is_superuser=False))
    for path in (reverse("desk-inbox"), INBOX, f"{INBOX}add/", f"{INBOX}write/"):
        assert other.get(path).status_code == 403
        assert other.post(path, {"do": "reject"}).status_code == 403


def test_a_newsletter_that_is_not_there_is_not_found(staff):
    assert staff.get("/desk/inbox/nope/").status_code == 404
    assert staff.get(reverse("desk-inbox"), {"newsletter": "nope"})["Location"] == INBOX


def test_a_row_says_where_a_post_comes_from_and_what_stands_about_it(staff):
    post = make_post(title="Tea & <cake>", tags=["space"], source=make_source("blog"))
    make_item(make_issue(), post)
    Triage.decide("weekly", {post.pk: ""}, "starred", NOW)
    page = shown(staff, tab="all").content.decode()
    for part in ("Tea &amp; &lt;cake&gt;", "blog ·", "Science", "UTC", "Starred", "weekly/2026-11-20", "2 min"):
        assert part in page, part


@pytest.mark.parametrize("tab", ["unread", "starred", "all", "used", "rejected", "nonsense"])
def test_an_empty_tab_says_what_to_do_next(staff, tab):
    page = shown(staff, tab=tab).content.decode()
    assert "desk-nothing" in page
    assert "Tick" not in page


def test_where_no_newsletter_is_named_the_page_says_so(staff, settings):
    settings.NEWSLETTER = settings.NEWSLETTER.model_copy(update={"newsletters": {}})
    assert b"Newsletters are named in config.yaml" in staff.get(reverse("desk-inbox")).content


def test_rejecting_takes_a_post_away_and_the_toast_brings_it_back(staff):
    post = make_post(title="An advertisement")
    answer = press(staff, f"reject:{post.pk}.")
    assert answer.redirect_chain == [(INBOX, 303)]
    assert said(answer) == ["“An advertisement” is rejected."]
    assert titles(staff) == []
    (one,) = answer.context["said"]
    answer = press(staff, one.why, why="  It sells\nsomething ")
    assert said(answer) == ["The log says why now: It sells something"]
    assert Triage.objects.get().reason == "It sells something"
    answer = press(staff, answer.context["said"][0].back)
    assert said(answer) == ["“An advertisement” is as before."]
    assert titles(staff) == ["An advertisement"]
    assert said(press(staff, one.back)) == ["There is nothing to undo any more."]


def test_the_rejected_tab_is_a_log_of_who_when_and_why(staff):
    post = make_post(title="An advertisement")
    press(staff, f"reject:{post.pk}.", reason="It sells")
    page = shown(staff, tab="rejected").content.decode()
    assert "Rejected by ada" in page
    assert "It sells" in page
    story = staff.get(reverse("desk-inbox-post", args=("weekly", post.pk))).content.decode()
    for part in ("What was decided", "ada", "undecided", "rejected", "It sells"):
        assert part in story
    (entry,) = LogEntry.objects.all()
    assert (entry.object_repr, entry.get_change_message()) == ("An advertisement", "weekly: rejected; It sells")


def test_a_double_click_is_one_decision(staff):
    post = make_post()
    press(staff, f"star:{post.pk}.")
    assert said(press(staff, f"star:{post.pk}.")) == [f"“{post}” is starred already."]
    assert (Decision.objects.count(), LogEntry.objects.count()) == (1, 1)


def test_who_stars_what_somebody_has_just_rejected_is_told_and_changes_nothing(staff):
    post = make_post(title="A story")
    press(editor(), f"reject:{post.pk}.", reason="Told last week")
    answer = press(staff, f"star:{post.pk}.")
    assert said(answer) == ["“A story” is left as it is. eve has rejected it meanwhile: Told last week."]
    assert stands(post) == "rejected"
    press(staff, f"star:{post.pk}.rejected")
    assert stands(post) == "starred"


def test_many_are_ticked_and_done_with_at_once_and_undone_at_once(staff):
    posts = [make_post(title=f"Story {number}") for number in range(5)]
    ticked = [f"{post.pk}." for post in posts[:3]]
    answer = press(staff, "reject", ticked)
    assert said(answer) == ["3 posts are rejected."]
    assert len(titles(staff)) == 2
    press(staff, answer.context["said"][0].back)
    assert len(titles(staff)) == 5
    answer = press(staff, "read", ticked)
    assert said(answer) == ["3 posts are marked as read."]
    assert len(titles(staff)) == 2
    press(staff, answer.context["said"][0].back)
    assert len(titles(staff)) == 5


@pytest.mark.parametrize(
    "do", ["star", "", "nonsense", "undo:x", "why:x", "star:x", "star:1", "star:99999999999999999999."]
)
def test_what_means_nothing_changes_nothing_and_is_answered(staff, do):
    make_post()
    answer = press(staff, do)
    assert answer.status_code == 200
    assert said(answer)
    assert not Decision.objects.exists()


def test_a_post_of_another_newsletter_is_out_of_reach(staff):
    post = make_post(source=make_source("elsewhere"))
    press(staff, f"reject:{post.pk}.")
    assert not Triage.objects.exists()
    assert staff.get(reverse("desk-inbox-post", args=("weekly", post.pk))).status_code == 404


def test_copies_are_folded_named_and_rejected_together(staff):
    first = make_post(title=TITLE, published_at=NOW - 5 * HOUR)
    copy = make_post(title=TITLE.upper(), source=make_source("blog"))
    page = shown(staff).content.decode()
    assert "The same title in 1 other source" in page
    assert titles(staff) == [TITLE]
    answer = press(staff, f"reject:{first.pk}.")
    assert said(answer) == [f"“{TITLE}” is rejected, with 1 copy in other sources."]
    assert stands(copy) == "rejected"
    press(staff, answer.context["said"][0].back)
    assert (stands(first), stands(copy)) == ("", "")


def test_a_filter_keeps_the_tab_and_survives_a_press(staff):
    post = make_post(title="Whale", tags=["space"])
    make_post(title="Tea", tags=["world"])
    query = {"tab": "all", "section": "1", "q": "hal"}
    assert titles(staff, **query) == ["Whale"]
    assert titles(staff, section="0") == ["Tea"]
    assert titles(staff, section="2") == []
    answer = press(staff, f"star:{post.pk}.", address=f"{INBOX}?tab=all&section=1&q=hal")
    assert answer.redirect_chain == [(f"{INBOX}?tab=all&section=1&q=hal", 303)]


def test_a_date_that_is_none_is_told_beside_its_field_and_the_rest_still_holds(staff):
    make_post(title="Whale")
    make_post(title="Tea")
    answer = shown(staff, since="yesterday", q="tea")
    assert "Enter a valid date" in answer.content.decode()
    assert [row.post.title for row in answer.context["rows"]] == ["Tea"]
    assert 'value="yesterday"' in answer.content.decode()


@pytest.mark.parametrize("query", [{"after": "x"}, {"q": "a\0b"}, {"source": "\0"}, {"tab": "'"}, {"q": "%" * 300},
                                   {"section": "99"}, {"until": "9999-12-31"}, {"since": "0001-01-01"}])  # fmt: skip
def test_an_address_that_nobody_wrote_is_answered(staff, query):
    make_post()
    assert staff.get(INBOX, query).status_code == 200


def test_pages_go_on_with_the_same_filters(staff, monkeypatch):
    monkeypatch.setattr("newsletter.models.inbox.PAGE", 2)
    for number in range(5):
        make_post(title=f"Story {number}", tags=["world"], published_at=NOW - number * HOUR)
    answer = shown(staff, tab="all", tag="world")
    found = [row.post.title for row in answer.context["rows"]]
    while answer.context["next"]:
        answer = staff.get(INBOX + answer.context["next"])
        found += [row.post.title for row in answer.context["rows"]]
    assert found == [f"Story {number}" for number in range(5)]


def test_the_story_is_shown_in_a_frame_where_nothing_runs_and_pictures_wait(staff):
    post = make_post(html='<p>Hi <img src="https://img.example.org/a.png" alt=""></p>')
    page = staff.get(reverse("desk-inbox-post", args=("weekly", post.pk))).content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert escape('<img loading="lazy" src="https://img.example.org/a.png"') in page
    assert "no-referrer" in page


def test_a_story_is_decided_on_its_own_page(staff):
    post = make_post(title="A story")
    address = reverse("desk-inbox-post", args=("weekly", post.pk))
    answer = press(staff, f"reject:{post.pk}.", address=address, reason="Too old")
    assert answer.redirect_chain == [(address, 303)]
    assert said(answer) == ["“A story” is rejected."]
    assert Triage.objects.get().reason == "Too old"


def test_looking_changes_nothing(staff):
    post = make_post()
    for path in (INBOX, reverse("desk-inbox-post", args=("weekly", post.pk)), f"{INBOX}add/?url=https://example.org/"):
        assert staff.get(path).status_code == 200
    assert not Triage.objects.exists()


def test_a_press_without_a_token_is_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff())
    assert client.post(INBOX, {"do": f"reject:{make_post().pk}."}).status_code == 403


def test_a_page_asks_as_often_however_many_posts_it_shows(staff, django_assert_max_num_queries):
    for number in range(45):
        make_item(make_issue(), make_post(title=f"A title that is long enough {number}"))
    with django_assert_max_num_queries(30):
        shown(staff, tab="all")
