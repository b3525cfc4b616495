"""A monthly summary over a real mail server, with a clock and workers that all see the month end."""

import pytest

from tests.processes.conftest import Publication
from tests.processes.test_end_to_end import smtp
from tests.processes.test_notices import ask

pytestmark = pytest.mark.processes

LAST_MONTH = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from newsletter.models import Edition, Issue, Item, Post, Series, Source
from subscribers.models import Subscription
at = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(days=5)
moments = dict(published_at=at, collected_at=at, updated_at=at)
source = Source.objects.create(name="wire", kind="feed", location="http://127.0.0.1:9/feed")
post = Post.objects.create(key="k", source=source, title="A whale", url="https://example.org/whale", **moments)
issue = Issue.objects.create(newsletter="daily", slug="earlier", due_at=at, cut_off_at=at, started_at=at,
                             finished_at=at, status="sent")
issue.edition = Edition.keep(issue, marker="hm", subject="Whales", preheader="", html="x", text="x")
issue.save()
Item.copy_of(post, issue=issue, position=0).save()
Series.objects.create(newsletter="daily", since=at, summed_up=at)
wanting = [f"reader{number}@people.example.org" for number in range(25)]
Subscription.objects.filter(subscriber__key__in=wanting).update(frequency="monthly")
"""

SENT = "SELECT COUNT(*) FROM newsletter_issue WHERE kind = 'summary' AND status = 'sent'"


@pytest.fixture
def spread(tmp_path, postgresql_url):
    made = Publication(tmp_path / "publication", postgresql_url)
    made.folder.mkdir()
    yield made
    made.stop_all()


def test_two_workers_and_a_command_make_one_summary_and_send_it_once_to_each_who_asked(spread, mailbox):
    letter = {"first_issue": "on_schedule", "summary": {"at": "00:00", "late": "40d"}}
    spread.configure(send=smtp(mailbox, batch=5), newsletter=letter)
    spread.readers(40)
    assert spread.command("migrate").returncode == 0
    ask(spread, LAST_MONTH)
    for name in ("worker", "worker", "clock"):
        spread.start(name)

    def summaries():
        return [issue for issue in spread.facts("issues") if issue["kind"] == "summary"]

    spread.wait_for(lambda: spread.row(SENT) == (1,), "the summary")
    (made,) = summaries()
    month = made["issue"].removeprefix("daily/").removesuffix("-summary")
    assert spread.facts("compose", "daily", "--summary", month)["id"] == made["id"]
    assert [one["messages"] for one in summaries()] == [{"submitted": 25}]
    assert mailbox.counts == {f"reader{number}@people.example.org": 1 for number in range(25)}
    assert all("in short" in mail["Subject"] for mail in mailbox.messages())
