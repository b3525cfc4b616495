"""The jobs, called one by one with a clock that stands still: what each does, and that doing it again does nothing."""

import threading
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.db import connections, transaction

from newsletter import pipeline
from newsletter.models import Issue, Item, Message, Series, TransitionRefused
from newsletter.pipeline import Context
from newsletter.render import RenderError
from subscribers.models import Subscription
from tests.factories import NOW, make_issue, make_item, make_list, make_post, make_subscriber

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def posts(tmp_path):
    """A folder source with three posts."""
    folder = tmp_path / "posts"
    folder.mkdir()
    for day in (12, 13, 14):
        (folder / f"2026-11-{day}-story.md").write_text(
            f'---\ntitle: "Story of the {day}th :tea:"\n---\nIt happened.\n'
        )
    return folder


@pytest.fixture
def make_context(make_config, clock, posts):
    def make(**newsletter):
        weekly = {"sources": ["posts"], "approval": "automatic", **newsletter}
        sources = {"posts": {"kind": "folder", "location": "posts"}}
        config = make_config(collect={"sources": sources}, newsletters={"weekly": weekly})
        Series.objects.create(newsletter="weekly", since=NOW - timedelta(days=2))
        return Context(config, "a key for tests", clock)

    return make


@pytest.fixture
def ann():
    person = make_subscriber(email="ann@example.org", name="Ann")
    Subscription.objects.get_or_create(subscriber=person, list=make_list("readers"), defaults={"changed_at": NOW})
    return person


def outbox(ctx):
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in ctx.config.outbox.rglob("*.eml")]


def turn(ctx):
    """One look at everything, as the clock would have it."""
    pipeline.draw_up_issues(ctx)
    pipeline.start_due_issues(ctx)
    pipeline.send_messages(ctx)


def test_from_posts_to_a_message_in_the_order_of_the_stages(make_context, clock, ann):
    ctx = make_context()
    clock.now = NOW - DAY
    turn(ctx)
    issue = Issue.objects.get()
    assert (issue.status, issue.send_at, issue.items.count()) == (Issue.Status.SCHEDULED, NOW, 3)
    assert outbox(ctx) == []
    clock.now = NOW
    turn(ctx)
    issue.refresh_from_db()
    assert (issue.status, Message.counts(issue)) == (Issue.Status.SENT, {"submitted": 1})
    (message,) = outbox(ctx)
    assert message["To"] == "Ann <ann@example.org>"
    assert "\N{TEACUP WITHOUT HANDLE}" in message["Subject"]


def test_looking_again_and_again_changes_nothing(make_context, ann):
    ctx = make_context()
    for _ in range(4):
        turn(ctx)
    assert Issue.objects.count() == Message.objects.count() == len(outbox(ctx)) == 1


def test_where_approval_is_required_nothing_goes_out_without_it(make_context, clock, ann):
    ctx = make_context(approval="required")
    turn(ctx)
    clock.now = NOW + DAY
    turn(ctx)
    issue = Issue.objects.get()
    assert (issue.status, outbox(ctx)) == (Issue.Status.IN_REVIEW, [])
    pipeline.approve(ctx, issue)
    turn(ctx)
    assert (Issue.objects.get().status, outbox(ctx)) == (Issue.Status.APPROVED, [])
    pipeline.schedule(ctx, issue)
    turn(ctx)
    assert (Issue.objects.get().status, len(outbox(ctx))) == (Issue.Status.SENT, 1)


def test_what_was_approved_is_what_is_sent_though_the_post_changed_since(make_context, clock, ann, posts):
    ctx = make_context()
    clock.now = NOW - DAY
    turn(ctx)
    approved = Issue.objects.get().edition
    (posts / "2026-11-12-story.md").write_text("---\ntitle: Quite another story\n---\nIt never happened.\n")
    pipeline.collect_sources(ctx)
    clock.now = NOW
    turn(ctx)
    assert Issue.objects.get().edition == approved
    assert "Quite another" not in outbox(ctx)[0].get_body(("plain",)).get_content()


def test_a_theme_that_fails_leaves_the_draft_with_its_reason_until_it_is_mended(make_context, tmp_path, ann):
    ctx = make_context()
    theme = tmp_path / "templates" / "email" / "atlas"
    theme.mkdir(parents=True)
    (theme / "footer.mjml.j2").write_text("{% if %}")
    turn(ctx)
    issue = Issue.objects.get()
    assert issue.status == Issue.Status.DRAFT
    assert "footer.mjml.j2 line 1" in issue.reason
    (theme / "footer.mjml.j2").unlink()
    turn(ctx)
    issue.refresh_from_db()
    assert (issue.status, issue.reason) == (Issue.Status.SENT, "")


def test_one_newsletter_that_fails_does_not_keep_back_another(make_config, clock, posts, ann):
    weekly = {"sources": ["posts"], "approval": "automatic"}
    broken = {**weekly, "title": "Broken", "subject": "{{ no_such_thing }}"}
    base = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    newsletters = {"broken": {**base, **broken}, "weekly": weekly}
    sources = {"posts": {"kind": "folder", "location": "posts"}}
    ctx = Context(make_config(collect={"sources": sources}, newsletters=newsletters), "key", clock)
    for name in newsletters:
        Series.objects.create(newsletter=name, since=NOW - timedelta(days=2))
    turn(ctx)
    found = dict(Issue.objects.values_list("newsletter", "status"))
    assert found == {"broken": "draft", "weekly": "sent"}
    assert "no_such_thing" in Issue.objects.get(newsletter="broken").reason


def test_an_approval_of_what_cannot_be_rendered_is_refused(make_context):
    ctx = make_context(subject="{{ nobody_knows }}")
    issue = make_issue()
    make_item(issue)
    with pytest.raises(RenderError, match="nobody_knows"):
        pipeline.approve(ctx, issue)
    assert Issue.objects.get().status == Issue.Status.DRAFT


def test_a_time_that_has_passed_means_now(make_context):
    ctx = make_context()
    issue = make_issue(status=Issue.Status.APPROVED, due_at=NOW - DAY)
    pipeline.schedule(ctx, issue)
    assert issue.send_at == NOW


def test_an_issue_for_nobody_pauses_and_says_so_and_goes_on_once_there_is_somebody(make_context, request):
    ctx = make_context()
    turn(ctx)
    issue = Issue.objects.get()
    assert issue.status == Issue.Status.PAUSED
    assert "nobody to send to" in issue.reason
    with pytest.raises(TransitionRefused, match="still has nobody"):
        pipeline.resume(ctx, issue)
    assert Issue.objects.get().status == Issue.Status.PAUSED
    request.getfixturevalue("ann")
    pipeline.resume(ctx, issue)
    turn(ctx)
    assert (Issue.objects.get().status, len(outbox(ctx))) == (Issue.Status.SENT, 1)


def test_a_cancelled_issue_frees_its_posts_and_is_not_drawn_up_again(make_context, clock, ann):
    ctx = make_context(approval="required")
    turn(ctx)
    pipeline.cancel(ctx, Issue.objects.get())
    turn(ctx)
    assert list(Issue.objects.values_list("status", flat=True)) == ["cancelled"]
    clock.now = NOW + timedelta(weeks=1)
    turn(ctx)
    assert Issue.objects.exclude(status="cancelled").get().items.count() == 3


def test_resuming_what_is_not_paused_writes_no_audience(make_context, ann):
    ctx = make_context()
    with pytest.raises(TransitionRefused, match="only what is paused"):
        pipeline.resume(ctx, make_issue())
    assert not Message.objects.exists()


def test_pausing_what_is_not_being_sent_is_refused(make_context):
    with pytest.raises(TransitionRefused, match="only what is sending"):
        pipeline.pause(make_context(), make_issue())


def test_a_test_is_marked_and_counted_nowhere(make_context):
    ctx = make_context()
    issue = make_issue()
    make_item(issue, make_post(title="A story"))
    (outcome,) = pipeline.send_test(ctx, issue, ["me@example.org"])
    assert outcome.state == "submitted"
    assert outbox(ctx)[0]["Subject"].startswith("[Test] ")
    assert not Message.objects.exists()
    assert Issue.objects.get().status == Issue.Status.DRAFT


def test_an_approval_renders_what_is_stored_now_not_a_copy_read_before(make_context):
    ctx = make_context()
    issue = make_issue()
    make_item(issue)
    Issue.objects.update(subject="Edited in the meantime")
    pipeline.approve(ctx, issue)
    assert Issue.objects.get().edition.subject == "Edited in the meantime"


@pytest.mark.django_db(transaction=True)
def test_an_edit_waits_for_an_approval_that_renders_and_then_voids_it(make_context, tmp_path):
    ctx = make_context()
    issue = make_issue()
    make_item(issue)
    saved, faults = threading.Event(), []

    def edit():
        """As the desk does it: under the row's lock."""
        try:
            with transaction.atomic():
                row = Issue.objects.select_for_update().get()
                row.subject = "Edited"
                row.save(update_fields=["subject"])
                row.edited()
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            faults.append(error)
        finally:
            saved.set()
            connections.close_all()

    with transaction.atomic():
        pipeline.approve(ctx, issue)
        editor = threading.Thread(target=edit)
        editor.start()
        assert not saved.wait(0.5)
    editor.join(40)
    assert faults == []
    stored = Issue.objects.get()
    assert (stored.subject, stored.status, stored.edition) == ("Edited", Issue.Status.IN_REVIEW, None)


def test_what_was_edited_and_approved_again_goes_out_though_it_had_a_date_before(make_context, clock, ann):
    ctx = make_context()
    clock.now = NOW - DAY
    turn(ctx)
    issue = Issue.objects.get()
    Issue.objects.update(subject="Better words")
    issue.edited()
    turn(ctx)
    assert Issue.objects.get().status == Issue.Status.IN_REVIEW
    pipeline.approve(ctx, Issue.objects.get())
    clock.now = NOW
    turn(ctx)
    assert Issue.objects.get().status == Issue.Status.SENT
    assert outbox(ctx)[0]["Subject"] == "Better words"


def test_a_date_that_a_person_has_set_is_not_overruled(make_context, clock):
    ctx = make_context()
    clock.now = NOW - DAY
    turn(ctx)
    issue = Issue.objects.get()
    pipeline.schedule(ctx, issue, NOW + DAY)
    turn(ctx)
    assert Issue.objects.get().send_at == NOW + DAY


def test_a_small_issue_does_not_wait_for_a_large_one(make_config, clock):
    base = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    lists = {"large": [{"name": "many"}], "small": [{"name": "few"}]}
    newsletters = {name: {**base, "lists": refs} for name, refs in lists.items()}
    ctx = Context(make_config(send={"batch": 1}, newsletters=newsletters), "a key for tests", clock)
    for name, people in (("large", 30), ("small", 2)):
        for number in range(people):
            who = make_subscriber(email=f"{name}{number}@example.org")
            Subscription.objects.filter(subscriber=who).delete()
            on = make_list("many" if name == "large" else "few")
            Subscription.objects.create(subscriber=who, list=on, changed_at=NOW)
        issue = make_issue(newsletter=name)
        make_item(issue)
        pipeline.approve(ctx, issue)
        pipeline.schedule(ctx, issue)
    pipeline.start_due_issues(ctx)
    pipeline.send_messages(ctx)
    files = sorted(ctx.config.outbox.rglob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    order = [file.relative_to(ctx.config.outbox).parts[0] for file in files]
    assert len(order) == 32
    assert "small" in order[:10]


def test_a_draft_takes_up_a_post_that_has_been_mended(make_context, posts, clock):
    ctx, broken = make_context(), posts / "2026-11-14-story.md"
    broken.write_text('---\ntitle: "A tale"\n---\nHello {{ reader.nmae }}\n')
    issue = pipeline.draw_up(ctx, "weekly", NOW)
    pipeline.carry_on_drafts(ctx)
    issue.refresh_from_db()
    assert issue.status == "draft"
    assert issue.reason.startswith("cannot be rendered: the post “A tale”: the reader has no 'nmae'")
    assert issue.reason.endswith("; mend the post and collect again, and this draft takes it up")
    item = issue.items.get(title="A tale")
    Item.objects.filter(pk=item.pk).update(section="Mine", note="My word.", position=9)
    broken.write_text('---\ntitle: "A tale"\n---\nHello {{ reader.name }}\n')
    pipeline.collect_sources(ctx)
    pipeline.carry_on_drafts(ctx)
    issue.refresh_from_db()
    item.refresh_from_db()
    assert (issue.status, issue.reason) == ("scheduled", "")
    assert item.html == "<p>Hello {{ reader.name }}</p>"
    assert (item.section, item.note, item.position) == ("Mine", "My word.", 9)


@pytest.mark.parametrize("status", ["in_review", "approved", "scheduled", "sending", "sent", "skipped", "cancelled"])
def test_only_a_draft_copies_its_posts_anew(status):
    issue = make_issue(status=status)
    item = make_item(issue)
    item.post.title = "Another"
    item.post.save()
    assert issue.copy_anew() == 0
    item.refresh_from_db()
    assert item.title != "Another"
