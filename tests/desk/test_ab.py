"""The page of an A/B test: made, written, changed by two at once, watched and decided, without a script."""

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from newsletter import pipeline
from newsletter.models import Event, Issue, Message, Revision, Trial, trial
from newsletter.models.editing import seen
from newsletter.pipeline import Context
from tests.factories import make_event, make_issue, make_item, make_post, make_staff, make_subscriber

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def issue():
    issue = make_issue(status=Issue.Status.IN_REVIEW, subject="Whales")
    make_item(issue, make_post(title="A whale falls"))
    return issue


@pytest.fixture
def tried(issue):
    state = trial.begun()
    state["variants"]["b"]["subject"] = "Sharks"
    trial.put(issue, state)
    return issue


def page_of(issue):
    return reverse("desk-ab", args=(issue.pk,))


def form_of(client, issue, **changes):
    """What a browser would post of the form, with some of it changed."""
    form = client.get(page_of(issue)).context["form"]
    data = {**form.initial, **dict(form.marks), **changes}
    return {name: value for name, value in data.items() if value is not None}


def save(client, issue, do="save", headers=None, **changes):
    return client.post(page_of(issue), {**form_of(client, issue, **changes), "do": do}, headers=headers)


def sent(issue, config, readers=20):
    """Approve it, and send what can go."""
    for _ in range(readers):
        make_subscriber()
    ctx = Context(config, "a key for tests")
    pipeline.approve(ctx, issue)
    pipeline.schedule(ctx, issue, ctx.clock())
    pipeline.start_due_issues(ctx)
    pipeline.send_messages(ctx)
    pipeline.decide_trials(ctx)
    issue.refresh_from_db()
    return ctx


def test_an_issue_without_one_says_what_it_is_for_and_makes_one(staff, issue):
    page = staff.get(page_of(issue)).content.decode()
    assert "Write two, or up to five" in page
    assert staff.post(page_of(issue), {"do": "begin"}).status_code == 303
    staff.post(page_of(issue), {"do": "begin"})
    assert Trial.of(issue).letters == ["a", "b"]
    page = staff.get(page_of(issue)).content.decode()
    assert "Variants A and B say the same: subject must differ" in page


def test_all_of_it_is_saved_and_is_a_revision(staff, tried):
    changes = {"varies": ["subject", "opening"], "share": 35, "measure": "opens", "wait": 7200, "way": "by_hand",
               "b-subject": "Rays", "b-opening": "Ahoy"}  # fmt: skip
    assert save(staff, tried, **changes).status_code == 303
    found = Trial.of(tried)
    assert (found.share, found.measure, found.wait.total_seconds(), found.way) == (35, "opens", 7200, "by_hand")
    assert found.said("b") == {"subject": "Rays", "opening": "Ahoy"}
    last = Revision.objects.first()
    assert "subject, opening letter of variant B changed" in last.what
    page = staff.get(reverse("desk-revision", args=(tried.pk, last.number))).content.decode()
    assert "Subject of variant B" in page
    assert "Sharks" in page


def test_a_script_saves_and_hears_when_and_what_is_in_the_way(staff, tried):
    told = save(staff, tried, headers=JSON, **{"b-subject": "Whales"}).json()
    assert told["faults"] == ["variants A and B say the same: subject must differ"]
    assert told["seen"]["b-subject"] == seen("Whales")
    answer = save(staff, tried, headers=JSON, share=0)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["share"])


def test_variants_come_and_go_and_nothing_that_was_typed_is_lost(staff, tried):
    save(staff, tried, do="add", **{"b-subject": "Rays"})
    assert Trial.of(tried).letters == ["a", "b", "c"]
    save(staff, tried, do="drop b", **{"c-subject": "Squid"})
    assert (Trial.of(tried).letters, Trial.of(tried).said("c")["subject"]) == (["a", "c"], "Squid")
    for _ in range(5):
        save(staff, tried, do="add")
    assert Trial.of(tried).letters == list("abcde")
    staff.post(page_of(tried), {"do": "away"})
    assert Trial.of(tried) is None
    assert "A/B test taken away" in Revision.objects.first().what


def test_of_two_edits_of_one_field_the_second_sees_the_first(staff, tried):
    mine = form_of(staff, tried, **{"b-subject": "Mine"})
    save(staff, tried, **{"b-subject": "Theirs", "share": 50})
    assert staff.post(page_of(tried), {**mine, "do": "save"}, headers=JSON).json() == {"stale": ["b-subject"]}
    answer = staff.post(page_of(tried), {**mine, "do": "save"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile: “Theirs”" in page
    assert 'value="Mine"' in page
    assert Trial.of(tried).said("b")["subject"] == "Theirs"
    again = {**mine, "seen-b-subject": seen("Theirs"), "do": "save"}
    assert staff.post(page_of(tried), again).status_code == 303
    assert (Trial.of(tried).said("b")["subject"], Trial.of(tried).share) == ("Mine", 50)
    save(staff, tried, wait=3600, varies=["preheader"])
    page = staff.post(page_of(tried), {**again, "wait": 7200, "varies": ["opening"]}).content.decode()
    assert "“1 hour”" in page
    assert "“preheader”" in page


def test_what_was_typed_into_a_variant_that_is_gone_is_shown(staff, tried):
    save(staff, tried, do="add")
    mine = form_of(staff, tried, **{"c-subject": "Words of mine"})
    save(staff, tried, do="drop c")
    answer = staff.post(page_of(tried), {**mine, "do": "save"})
    assert answer.status_code == 409
    assert "Words of mine" in answer.content.decode()


def test_an_edit_voids_the_approval_and_after_sending_began_there_is_none(staff, tried, config):
    pipeline.approve(Context(config, "key"), tried)
    assert save(staff, tried, headers=JSON, **{"b-subject": "Rays"}).json()["voided"]
    tried.refresh_from_db()
    assert tried.status == "in_review"
    mine = form_of(staff, tried, **{"b-subject": "Too late"})
    sent(tried, config)
    answer = staff.post(page_of(tried), {**mine, "do": "save"})
    assert answer.status_code == 409
    assert "Too late" in answer.content.decode()


def test_it_stands_where_staff_can_see_and_decide(staff, tried, config):
    sent(tried, config)
    message = tried.messages.filter(variant="b").first()
    make_event(message, Event.Kind.CLICK)
    page = staff.get(page_of(tried)).content.decode()
    assert "16 readers wait" in page
    assert "50.0 %" in page
    part = staff.get(page_of(tried), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="ab-standings"')
    answer = staff.post(page_of(tried), {"do": "decide b"}, follow=True)
    assert "Variant B goes to the rest." in answer.content.decode()
    assert "It is decided already" in staff.post(page_of(tried), {"do": "decide a"}, follow=True).content.decode()
    assert Trial.of(tried).decided_by.username == "ada"


def test_who_may_not_send_does_not_decide_and_who_may_not_write_does_not_edit(tried, config):
    writer, analyst = make_staff("writer", is_superuser=False), make_staff("analyst", is_superuser=False)
    writer.groups.add(Group.objects.get(name="Writer"))
    analyst.groups.add(Group.objects.get(name="Analyst"))
    sent(tried, config)
    for person in (writer, analyst):
        client = Client()
        client.force_login(person)
        assert client.get(page_of(tried)).status_code == 200
        assert client.post(page_of(tried), {"do": "decide b"}).status_code == 403
        for do in ("begin", "save", "away", "add", "drop b"):
            assert client.post(page_of(tried), {"do": do}).status_code == 403
    assert Trial.of(tried).winner == ""


def test_preview_and_tests_show_the_variant_that_is_asked_for(staff, tried, config):
    preview = reverse("desk-preview", args=(tried.pk,))
    assert "Sharks" in staff.get(preview, {"variant": "b"}).content.decode()
    assert "Sharks" not in staff.get(preview, {"variant": "z"}).content.decode()
    data = {"to": "ada@example.org", "variant": "b"}
    answer = staff.post(reverse("desk-test", args=(tried.pk,)), data)
    pipeline.do_chores(pipeline.Context(config=config, key=settings.SECRET_KEY))
    assert "Sharks" in staff.get(answer["Location"]).content.decode()
    assert "1 of 1 copies of variant B sent as a test" in LogEntry.objects.latest("pk").change_message
    [mail] = [file.read_text() for file in config.outbox_of("outbox").rglob("*.eml")]
    assert "Subject: [Test] Sharks" in mail
    assert not Message.objects.exists()


def test_the_front_page_says_that_one_waits(staff, tried, config):
    Trial.objects.update(way="by_hand")
    sent(tried, config)
    Trial.objects.update(ends_at=Trial.of(tried).issue.started_at, asked_at=Trial.of(tried).issue.started_at)
    page = staff.get("/desk/").content.decode()
    assert "has an A/B test that you decide" in page
    assert f'href="{page_of(tried)}"' in page


def test_how_many_readers_that_is_is_asked_for_apart(staff, tried):
    for _ in range(10):
        make_subscriber()
    page = staff.get(page_of(tried)).content.decode()
    assert "?people=1" in page
    assert "readers get each variant" not in page
    for headers in ({}, {"HX-Request": "true"}):
        said = staff.get(page_of(tried), {"people": "1"}, headers=headers).content.decode()
        assert "1 of 10 readers get each variant; 8 wait for the winner." in said
        assert "A difference shows only if" in said


def test_who_approves_is_told_that_there_are_variants(staff, tried):
    page = staff.get(reverse("admin:newsletter_issue_approve", args=(tried.pk,))).content.decode()
    assert "2 variants, each of which is approved with it" in page


def test_the_report_shows_the_variants(staff, tried, config):
    sent(tried, config)
    page = staff.get(reverse("desk-report", args=(tried.pk,))).content.decode()
    assert "Nobody has won yet." in page
    table = staff.get(reverse("desk-report-export", args=(tried.pk, "variants", "json"))).json()
    assert [(row["variant"], row["sent"], row["winner"]) for row in table] == [("a", 2, False), ("b", 2, False)]
