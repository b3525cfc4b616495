"""A blocker stops approval, whoever approves; an override lets it go on, for a reason and for that very content."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry

from newsletter import pipeline, preflight
from newsletter.models import Issue, LinkCheck, Notice, Override, Preflight, Series, TransitionRefused
from newsletter.pipeline import Context
from tests.factories import NOW, make_edition, make_issue, make_item, make_post, make_staff
from tests.preflight.conftest import KEY, codes

pytestmark = pytest.mark.django_db
Status = Issue.Status


@pytest.fixture
def ctx(make_config):
    return Context(make_config(), KEY, lambda: NOW)


@pytest.fixture
def issue():
    """An issue in review with one blocker."""
    issue = make_issue(status=Status.IN_REVIEW, opening="Lorem ipsum")
    make_item(issue, make_post(title="A whale falls"))
    return issue


def override(ctx, issue, reason="it is a story about typesetting", **more):
    return preflight.override(issue, ctx.config, ctx.key, reason, NOW, **more)


def test_a_blocker_stops_approval_and_is_named(ctx, issue):
    with pytest.raises(preflight.Blocked, match="was not approved, because of a blocker: the opening: “Lorem ipsum”"):
        pipeline.approve(ctx, issue)
    issue.refresh_from_db()
    assert (issue.status, issue.edition) == (Status.IN_REVIEW, None)


def test_once_it_is_mended_nothing_stands_in_the_way(ctx, issue):
    Issue.objects.update(opening="Good morning")
    pipeline.approve(ctx, issue)
    assert issue.status == Status.APPROVED


def test_warnings_stop_nothing(ctx, issue):
    Issue.objects.update(opening="", subject="BUY NOW BUY NOW!!!")
    pipeline.approve(ctx, issue)
    assert issue.status == Status.APPROVED


def test_an_override_needs_a_reason(ctx, issue):
    for reason in ("", "  \n ", "\x00"):
        with pytest.raises(TransitionRefused, match="say why"):
            override(ctx, issue, reason)
    assert not Override.objects.exists()


def test_an_override_lets_it_go_on_and_is_kept_with_who_and_why(ctx, issue):
    ada = make_staff()
    made = override(ctx, issue, by=ada)
    assert (made.by, made.by_name, made.reason, made.at) == (ada, "ada", "it is a story about typesetting", NOW)
    assert list(made.blockers.values()) == ["the opening: “Lorem ipsum” looks like something still to be filled in"]
    assert (
        "1 blocker of weekly/2026-11-20 overridden: it is a story about typesetting"
        in LogEntry.objects.get().change_message
    )
    pipeline.approve(ctx, issue, ada)
    assert issue.status == Status.APPROVED


def test_the_same_word_twice_is_one_and_without_blockers_there_is_nothing_to_override(ctx, issue):
    override(ctx, issue)
    assert override(ctx, issue) is None
    assert Override.objects.count() == 1


def test_an_override_is_void_with_any_edit(ctx, issue):
    override(ctx, issue)
    Issue.objects.update(closing="Until next time")
    with pytest.raises(preflight.Blocked):
        pipeline.approve(ctx, issue)


def test_a_blocker_that_is_found_later_needs_a_word_of_its_own(ctx, issue):
    issue.items.update(url="https://iana.org/x")
    override(ctx, issue)
    LinkCheck.tell([LinkCheck.of("https://iana.org/x", "broken", NOW, fault="the server answers 404 Not Found")])
    with pytest.raises(preflight.Blocked, match=r"“A whale falls”: https://iana\.org/x: the server answers 404"):
        pipeline.approve(ctx, issue)
    override(ctx, issue)
    pipeline.approve(ctx, issue)
    assert len(Override.objects.get().blockers) == 2


def test_what_was_seen_must_be_what_there_is(ctx, issue):
    seen = preflight.standing(issue, ctx.config, ctx.key, NOW).digest
    Issue.objects.update(closing="Until next time")
    issue.refresh_from_db()
    with pytest.raises(TransitionRefused, match="has changed while you were looking at it"):
        override(ctx, issue, seen=seen)


def test_links_that_nobody_looked_at_do_not_stop_approval_and_are_not_looked_at_then(ctx, issue):
    Issue.objects.update(opening="")
    issue.items.update(url="https://iana.org/x")
    pipeline.approve(ctx, issue)
    assert not LinkCheck.objects.exists()


def test_a_link_that_was_broken_the_day_before_yesterday_does_not_stop_it(ctx, issue):
    Issue.objects.update(opening="")
    issue.items.update(url="https://iana.org/x")
    LinkCheck.tell([LinkCheck.of("https://iana.org/x", "broken", NOW - timedelta(days=2), fault="gone")])
    pipeline.approve(ctx, issue)
    assert issue.status == Status.APPROVED


def test_a_newsletter_that_says_so_stops_at_other_codes_too(make_config, issue):
    Issue.objects.update(opening="", subject="BUY NOW BUY NOW")
    config = make_config(newsletters={"weekly": {"preflight": {"levels": {"subject-capitals": "blocker"}}}})
    with pytest.raises(preflight.Blocked):
        pipeline.approve(Context(config, KEY, lambda: NOW), issue)


def test_a_code_that_is_ignored_stops_nothing(make_config, issue):
    config = make_config(newsletters={"weekly": {"preflight": {"ignore": ["placeholder"]}}})
    pipeline.approve(Context(config, KEY, lambda: NOW), issue)
    assert issue.status == Status.APPROVED


def test_where_it_cannot_be_approved_anyway_that_is_what_is_said(ctx, issue):
    Issue.objects.update(status=Status.SENT)
    with pytest.raises(TransitionRefused) as refused:
        pipeline.approve(ctx, issue)
    assert not isinstance(refused.value, preflight.Blocked)


def test_the_results_of_what_was_approved_stay_with_it(ctx, issue):
    Issue.objects.update(opening="")
    issue.refresh_from_db()
    row = preflight.want(issue, ctx.config, ctx.key, NOW)
    pipeline.approve(ctx, issue)
    row.refresh_from_db()
    assert row.edition == issue.edition
    told = preflight.standing(issue, ctx.config, ctx.key, NOW)
    assert (told.row, told.current) == (row, True)
    # What was not looked at before is looked at as it was approved, not as it would be drawn now.
    Preflight.objects.all().delete()
    assert preflight.standing(issue, ctx.config, ctx.key, NOW).digest == issue.edition.digest


def test_what_is_left_of_an_earlier_approval_is_not_what_is_looked_at(ctx, issue):
    Issue.objects.update(edition=make_edition(issue, html="<p>Hello</p>"))
    issue.refresh_from_db()
    assert codes(preflight.blockers(preflight.pull(issue, ctx.config, ctx.key, NOW))) == ["placeholder"]


@pytest.fixture
def automatic(make_config, tmp_path):
    """A newsletter that approves itself, due in an hour, with a post of its own folder."""
    folder = tmp_path / "posts"
    folder.mkdir()

    def make(body, **preflight):
        (folder / "2026-11-18-whale.md").write_text(f"---\ntitle: A whale falls\n---\n{body}\n")
        config = make_config(
            site={"alerts": ["desk@example.org"]},
            collect={"sources": {"posts": {"kind": "folder", "location": "posts"}}},
            compose={"preflight": preflight},
            newsletters={"weekly": {"sources": ["posts"], "approval": "automatic"}},
        )
        Series.objects.create(newsletter="weekly", since=NOW - timedelta(days=2))
        return Context(config, KEY, lambda: NOW - timedelta(hours=1))

    return make


def test_what_approves_itself_stays_in_review_with_its_reason_and_staff_are_told_once(automatic):
    ctx = automatic("Lorem ipsum dolor sit amet.")
    for _ in range(3):
        pipeline.draw_up_issues(ctx)
    issue = Issue.objects.get()
    assert issue.status == Status.IN_REVIEW
    assert issue.reason.startswith("not approved by itself, because of a blocker: “A whale falls”: “Lorem ipsum”")
    pipeline.do_errands(Context(ctx.config, KEY))
    notice = Notice.objects.get()
    assert (notice.kind, notice.to) == (Notice.Kind.DRAFT_READY, "desk@example.org")
    assert notice.facts["approve_url"] == f"http://127.0.0.1:8000/desk/issue/{issue.pk}/checks/"
    mail = pipeline.render.service_mail(notice.kind, ctx.config, "weekly", notice.facts)
    assert "“Lorem ipsum” looks like" in " ".join(mail.text.split())
    assert "Lorem ipsum" in mail.html


def test_a_person_who_mends_and_approves_it_sets_it_going_again(automatic):
    ctx = automatic("Lorem ipsum dolor sit amet.")
    pipeline.draw_up_issues(ctx)
    issue = Issue.objects.get()
    issue.items.update(html="<p>It happened.</p>", summary="It happened.")
    pipeline.approve(ctx, issue)
    pipeline.draw_up_issues(ctx)
    assert Issue.objects.get().status == Status.SCHEDULED


LINKED = "See [the list](https://iana.org/list) of them."


def test_what_approves_itself_waits_for_its_links_if_there_is_time(automatic):
    ctx = automatic(LINKED)
    config = ctx.config.newsletters["weekly"].model_copy(update={"layout": "post"})
    ctx = Context(
        ctx.config.model_copy(update={"newsletters": {"weekly": config}}).beside(ctx.config._root), KEY, ctx.clock
    )
    Issue.objects.update(created_at=ctx.clock())
    pipeline.draw_up_issues(ctx)
    Issue.objects.update(created_at=ctx.clock())
    pipeline.carry_on_drafts(ctx)
    assert Issue.objects.get().status == Status.DRAFT
    assert not Preflight.objects.get().is_done
    LinkCheck.tell([LinkCheck.of("https://iana.org/list", "broken", ctx.clock(), fault="gone")])
    pipeline.carry_on_drafts(ctx)
    assert Issue.objects.get().status == Status.IN_REVIEW


@pytest.mark.parametrize("given", [{"patience": "1s"}, {"links": False}])
def test_it_does_not_wait_longer_than_it_is_told_to(automatic, given):
    ctx = automatic(LINKED, **given)
    pipeline.draw_up_issues(ctx)
    Issue.objects.update(created_at=ctx.clock() - timedelta(minutes=1))
    pipeline.carry_on_drafts(ctx)
    assert Issue.objects.get().status == Status.SCHEDULED


def test_blockers_are_found_without_asking_what_only_warns(ctx, issue, django_assert_max_num_queries):
    proof = preflight.pull(issue, ctx.config, ctx.key, NOW)
    with django_assert_max_num_queries(8):
        assert codes(preflight.blockers(proof)) == ["placeholder"]
