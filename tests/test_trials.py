"""An A/B test from the approval to the last reader: who gets which variant, when it is decided, and by what."""

from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from newsletter import pipeline, preflight, render
from newsletter.acting import acting
from newsletter.models import Edition, Errand, Event, Issue, Message, Notice, TransitionRefused, Trial, trial
from newsletter.models.editing import editing
from newsletter.models.states import restore, state_of
from newsletter.pipeline import Context
from newsletter.track.report import roll_up, tables
from newsletter.track.report.variants import count, standings
from newsletter.track.trials import see_to
from tests.factories import NOW, make_event, make_issue, make_item, make_post, make_staff, make_subscriber

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def ctx(make_config):
    return Context(make_config(), "a key for tests", Clock())


@pytest.fixture
def tried():
    """An issue in review with an A/B test; `variants` holds what each says differently."""

    def make(readers=0, **plan):
        for _ in range(readers):
            make_subscriber()
        issue = make_issue(status=Issue.Status.IN_REVIEW, subject="Whales", opening="Hello.")
        make_item(issue, make_post(title="A whale falls"))
        variants = plan.pop("variants", {"b": {"subject": "Sharks"}})
        state = {**trial.begun(list(variants)), "wait": 3600, **plan}
        for letter, words in variants.items():
            state["variants"][letter] |= words
        trial.put(issue, state)
        return issue

    return make


def gone_out(ctx, issue):
    """Approve an issue, and send what can go."""
    pipeline.approve(ctx, issue)
    pipeline.schedule(ctx, issue, ctx.clock())
    pipeline.start_due_issues(ctx)
    pipeline.send_messages(ctx)
    pipeline.decide_trials(ctx)
    issue.refresh_from_db()
    return Trial.of(issue)


def clicks(issue, letter, number):
    for message in issue.messages.filter(variant=letter, state="submitted")[:number]:
        make_event(message, Event.Kind.CLICK)


def subjects(ctx):
    files = ctx.config.outbox_of("outbox").rglob("*.eml")
    return Counter(message_from_bytes(file.read_bytes(), policy=policy.default)["Subject"] for file in files)


def test_a_share_gets_the_variants_and_the_rest_the_one_that_did_best(ctx, tried):
    issue = tried(40, share=50)
    found = gone_out(ctx, issue)
    assert subjects(ctx) == {"Whales": 10, "Sharks": 10}
    assert (issue.status, Message.counts(issue)) == ("sending", {"held": 20, "submitted": 20})
    assert found.ends_at == NOW + HOUR
    clicks(issue, "a", 1)
    clicks(issue, "b", 8)
    pipeline.decide_trials(ctx)
    assert not Trial.of(issue).winner  # its time is not over
    ctx.clock.now += HOUR
    pipeline.decide_trials(ctx)
    pipeline.decide_trials(ctx)
    found = Trial.of(issue)
    assert (found.winner, found.decided_at, found.decided_by) == ("b", NOW + HOUR, None)
    assert found.confidence == pytest.approx(0.99905, abs=1e-4)
    assert "B is more than 99 % likely to be the best" in found.words
    assert "A 10.0 % of 10, B 80.0 % of 10" in found.words
    pipeline.send_messages(ctx)
    issue.refresh_from_db()
    assert subjects(ctx) == {"Whales": 10, "Sharks": 30}
    # The issue says from then on what the winner does, and each reader's own copy what they got.
    assert (issue.status, issue.subject, issue.edition.subject) == ("sent", "Sharks", "Sharks")
    assert Edition.of(issue, "a").subject == "Whales"
    assert found.said("a") == {"subject": "Whales"}
    assert Errand.objects.filter(facts__news="decided").count() == 1


def test_what_is_not_clear_goes_out_as_the_issue_stands(ctx, tried):
    issue = tried(40, share=50)
    gone_out(ctx, issue)
    clicks(issue, "a", 3)
    clicks(issue, "b", 4)
    ctx.clock.now += HOUR
    pipeline.decide_trials(ctx)
    found = Trial.of(issue)
    assert found.winner == "a"
    assert found.words.startswith("no clear winner: B leads, but is only 67 % likely")
    assert found.confidence == pytest.approx(0.333, abs=0.01)


def test_too_little_says_nothing(ctx, tried):
    issue = tried(10, share=40)
    gone_out(ctx, issue)
    clicks(issue, "b", 2)
    ctx.clock.now += HOUR
    pipeline.decide_trials(ctx)
    found = Trial.of(issue)
    assert (found.winner, found.confidence) == ("a", None)
    assert found.words.startswith("no clear winner: only 2 readers clicked, which says nothing; so A")


def test_by_hand_it_waits_however_long_and_staff_are_asked_once(ctx, tried):
    issue = tried(20, share=50, way="by_hand")
    gone_out(ctx, issue)
    ctx.clock.now += 30 * HOUR
    pipeline.decide_trials(ctx)
    pipeline.decide_trials(ctx)
    assert Errand.objects.filter(facts__news="decide").count() == 1
    assert (Trial.of(issue).winner, issue.messages.filter(state="held").count()) == ("", 10)
    ada = make_staff()
    with acting(ada):
        assert pipeline.choose_variant(ctx, Trial.of(issue), "b", ada)
        assert not pipeline.choose_variant(ctx, Trial.of(issue), "a", ada)
    found = Trial.of(issue)
    assert (found.winner, found.decided_by) == ("b", ada)
    assert found.words.startswith("chosen by hand")
    pipeline.send_messages(ctx)
    assert subjects(ctx) == {"Whales": 5, "Sharks": 15}


def test_two_machines_decide_once(ctx, tried):
    issue = tried(20, share=50)
    gone_out(ctx, issue)
    clicks(issue, "b", 5)
    ctx.clock.now += HOUR
    one, other = Trial.of(issue), Trial.of(issue)
    assert (see_to(one, ctx.clock()), see_to(other, ctx.clock())) == (True, False)
    assert Errand.objects.filter(facts__news="decided").count() == 1


def test_a_split_without_a_rest_names_a_winner_too(ctx, tried):
    issue = tried(20, share=100)
    gone_out(ctx, issue)
    assert (issue.status, subjects(ctx)) == ("sent", {"Whales": 10, "Sharks": 10})
    clicks(issue, "b", 6)
    ctx.clock.now += HOUR
    pipeline.decide_trials(ctx)
    issue.refresh_from_db()
    assert (Trial.of(issue).winner, issue.edition.subject) == ("b", "Sharks")
    assert sum(one.messages for one in count(Trial.of(issue))) == 20


def test_while_it_is_paused_it_is_decided_and_the_rest_goes_once_it_is_resumed(ctx, tried):
    issue = tried(20, share=50)
    gone_out(ctx, issue)
    clicks(issue, "b", 5)
    pipeline.pause(ctx, issue)
    ctx.clock.now += HOUR
    pipeline.decide_trials(ctx)
    pipeline.send_messages(ctx)
    assert (Trial.of(issue).winner, issue.messages.filter(state="held").count()) == ("b", 10)
    pipeline.resume(ctx, issue)
    pipeline.send_messages(ctx)
    assert subjects(ctx) == {"Whales": 5, "Sharks": 15}


def test_of_a_cancelled_issue_nothing_is_decided(ctx, tried):
    issue = tried(20, share=50)
    gone_out(ctx, issue)
    pipeline.cancel(ctx, issue)
    ctx.clock.now += HOUR
    pipeline.decide_trials(ctx)
    assert Trial.of(issue).winner == ""
    with pytest.raises(TransitionRefused, match="nothing to decide"):
        pipeline.choose_variant(ctx, Trial.of(issue), "b")


def test_the_wait_begins_once_the_variants_have_gone(ctx, tried):
    issue = tried(20, share=50)
    pipeline.approve(ctx, issue)
    pipeline.schedule(ctx, issue, ctx.clock())
    pipeline.start_due_issues(ctx)
    pipeline.decide_trials(ctx)
    assert Trial.of(issue).ends_at is None
    ctx.clock.now += HOUR
    pipeline.send_messages(ctx)
    pipeline.decide_trials(ctx)
    assert Trial.of(issue).ends_at == NOW + 2 * HOUR


def test_a_variant_may_have_another_sender_preheader_and_lead(ctx, tried):
    said = {"subject": "Sharks", "preheader": "Teeth", "sender_name": "Ada of the Weekly", "opening": "Dear **you**"}
    issue = tried(10, share=100, varies=list(trial.FIELDS), variants={"b": said, "c": {"opening": "Ahoy"}})
    gone_out(ctx, issue)
    one, other = (Edition.of(issue, letter) for letter in "bc")
    assert (one.subject, one.preheader, one.sender_name) == ("Sharks", "Teeth", "Ada of the Weekly")
    assert "Dear" in one.html
    assert (other.subject, other.sender_name) == ("Whales", "")
    assert "Ahoy" in other.text
    files = [file.read_text() for file in ctx.config.outbox_of("outbox").rglob("*.eml")]
    assert sum("From: Ada of the Weekly <" in mail for mail in files) == 3


def test_the_archive_shows_the_winner_and_so_does_its_text(ctx, tried):
    issue = tried(20, share=50, varies=["subject", "opening"], variants={"b": {"subject": "Sharks", "opening": "Ahoy"}})
    gone_out(ctx, issue)
    before = render.reading(Issue.objects.get(), ctx.config)
    assert (before.title, "Hello." in str(before.opening)) == ("Whales", True)
    clicks(issue, "b", 5)
    ctx.clock.now += HOUR
    pipeline.decide_trials(ctx)
    after = render.reading(Issue.objects.get(), ctx.config)
    assert (after.title, "Ahoy" in str(after.opening)) == ("Sharks", True)


def test_who_may_send_is_told_that_it_waits_and_what_was_decided(ctx, tried):
    ada = make_staff()
    issue = tried(20, share=50, way="by_hand")
    gone_out(ctx, issue)
    ctx.clock.now += HOUR
    pipeline.decide_trials(ctx)
    pipeline.do_errands(ctx)
    asked = Notice.objects.get(kind="news", facts__what="decide")
    assert (asked.to, asked.facts["issue_url"]) == (ada.email, f"http://127.0.0.1:8000/desk/issue/{issue.pk}/ab/")
    assert render.service_mail("news", ctx.config, "weekly", asked.facts).subject.startswith("Choose a variant")
    pipeline.choose_variant(ctx, Trial.of(issue), "b")
    pipeline.do_errands(ctx)
    told = Notice.objects.get(kind="news", facts__what="decided")
    assert told.facts["reason"].startswith("Variant B: chosen by hand")


def test_the_report_has_a_row_for_each_variant_and_of_large_issues_as_of_when(ctx, tried):
    issue = tried(20, share=50)
    found = gone_out(ctx, issue)
    clicks(issue, "b", 3)
    rows = tables.variants(standings(found, 20)).as_dicts()
    assert [(row["variant"], row["sent"], row["clicked_adjusted"], row["click_rate"]) for row in rows] == [
        ("a", 5, 0, 0.0), ("b", 5, 3, 0.6),
    ]  # fmt: skip
    assert rows[1]["click_low"] < 0.6 < rows[1]["click_high"]
    assert sum(row["chance"] for row in rows) == pytest.approx(1, abs=1e-3)
    # Of more than ten thousand it is counted in the background, and until then not known.
    assert standings(found, 1_000_000) is None
    roll_up(ctx.config, ctx.clock, anew=True)
    kept = standings(found, 1_000_000)
    assert (kept.rows, kept.as_of) == (count(found), NOW)
    assert tables.variants(None).rows == []


# ── the approval ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_of_a_variant_voids_the_approval_and_is_a_revision(ctx, tried):
    issue, ada = tried(5), make_staff()
    pipeline.approve(ctx, issue)
    assert set(issue.variants) == {"a", "b"}
    before = state_of(issue)
    with editing(issue.pk, ada, ctx.clock()) as edit:
        state = trial.state_of(issue)
        state["variants"]["b"]["subject"] = "Rays"
        trial.put(edit.issue, state)
    issue.refresh_from_db()
    assert (edit.voided, issue.status, issue.variants) == (True, "in_review", {})
    assert edit.lines == ["A/B test: subject of variant B changed"]
    with editing(issue.pk, ada, ctx.clock()) as edit:
        restore(edit.issue, before)
    assert Trial.of(issue).said("b") == {"subject": "Sharks"}


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"variants": {}}, "has 2 to 5 variants, and this one has 1"),
        ({"varies": []}, "nothing varies"),
        ({"variants": {"b": {"subject": "Whales"}}}, "variants A and B say the same: subject must differ"),
        ({"variants": {"b": {"subject": "Sharks"}, "c": {"subject": " Sharks "}}}, "variants B and C say the same"),
        ({"wait": 30}, "10 minutes at least"),
    ],
)
def test_what_can_be_no_test_is_refused_in_words(ctx, tried, plan, words):
    issue = tried(20, **plan)
    with pytest.raises(TransitionRefused, match=words):
        pipeline.approve(ctx, issue)
    assert words in " ".join(Trial.of(issue).faults())


def test_it_does_not_go_with_local_time(ctx, tried):
    issue = tried(20)
    pipeline.approve(ctx, issue)
    with pytest.raises(TransitionRefused, match="has variants"):
        pipeline.schedule(ctx, issue, NOW + HOUR, local_time=True)
    Issue.objects.update(status="scheduled", local_time=True)
    with pytest.raises(TransitionRefused, match="schedule it for one moment first"):
        trial.put(Issue.objects.get(), trial.begun())


def test_what_comes_out_the_same_is_refused_whatever_was_written(ctx, tried):
    issue = tried(5, variants={"b": {"subject": "{{ 'Whales' if reader.name or not reader.name }}"}})
    Issue.objects.update(subject="{{ 'Whales' if reader.name or not reader.name }}  ")
    issue.refresh_from_db()
    with pytest.raises(TransitionRefused, match="say the same"):
        pipeline.approve(ctx, issue)
    Issue.objects.update(subject="")
    pattern = render.inbox_line(Issue.objects.get(), ctx.config)[0]
    state = trial.state_of(issue)
    state["variants"]["b"]["subject"] = pattern
    trial.put(issue, state)
    with pytest.raises(TransitionRefused, match="come out the same"):
        pipeline.approve(ctx, Issue.objects.get())


def test_polls_are_the_same_in_every_variant(ctx, tried):
    poll = "::: poll Tea?\n- yes\n- no\n:::"
    issue = tried(5, varies=["opening"], variants={"b": {"opening": poll}})
    with pytest.raises(render.RenderError, match="variant B holds other polls"):
        pipeline.approve(ctx, issue)


# ── the checks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_variant_is_looked_at_and_what_all_have_is_told_once(ctx, tried):
    said = {"subject": "TK SHARKS AND WHALES", "opening": "See [here](https://bit.ly/x)."}
    issue = tried(50, share=100, varies=["subject", "opening"], variants={"b": said})
    proof = preflight.pull(issue, ctx.config, ctx.key, ctx.clock())
    found = preflight.offline(proof)
    places = {(one.code, one.where) for one in found}
    assert ("placeholder", "variant B, the subject") in places
    assert ("subject-capitals", "variant B, the subject") in places
    assert any(code == "link-shortened" and where.startswith("variant B") for code, where in places)
    # The story is in both: what is found there is told once.
    assert [one.where for one in found if one.code == "link-staging"] == ["“A whale falls”"]
    with pytest.raises(preflight.Blocked, match="variant B, the subject"):
        pipeline.approve(ctx, issue)


def test_a_small_test_is_warned_of_and_one_without_figures_stopped(ctx, tried, make_config):
    issue = tried(50, share=10)
    codes = {one.code: one for one in preflight.offline(preflight.pull(issue, ctx.config, ctx.key, ctx.clock()))}
    assert "2 people get each variant" in codes["trial-small"].what
    config = make_config(newsletters={"weekly": {"track": "aggregate"}})
    codes = {one.code for one in preflight.offline(preflight.pull(issue, config, ctx.key, ctx.clock()))}
    assert "trial" in codes
