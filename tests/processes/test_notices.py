"""Service mails over a real mail server, while the process that sends them is killed in the middle."""

import signal
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest

from tests.processes.conftest import ROOT
from tests.processes.test_end_to_end import smtp

pytestmark = pytest.mark.processes

QUEUE = """
import django; django.setup()
from django.utils import timezone
from newsletter.models import Notice
for at in range(int({number})):
    facts = dict(sign_in_url="http://127.0.0.1/x", expires="09:00", purpose="With one click you are signed in.")
    Notice.queue("sign_in", "daily", f"reader{{at}}@people.example.org", facts, timezone.now(), dedupe=f"n{{at}}")
"""
COUNT = """
import django, json; django.setup()
from django.db.models import Count
from newsletter.models import Notice
print(json.dumps(dict(Notice.objects.values_list("state").annotate(Count("pk")).order_by("state"))))
"""

UNSETTLED = "SELECT COUNT(*) FROM newsletter_notice WHERE state IN ('pending', 'submitting')"


def ask(publication, script):
    """Run a few lines on the publication's own rows."""
    import json

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=publication.folder, capture_output=True, text=True, timeout=60,
        env={**publication._env(), "DJANGO_SETTINGS_MODULE": "newsletter.settings", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def test_kill_nine_in_the_middle_loses_no_service_mail_and_repeats_none(publication, mailbox):
    # A process that was killed is only known by its silence: the lease.
    publication.configure(send=smtp(mailbox, lease="5s"), newsletter={"first_issue": "on_schedule"})
    publication.readers(1)
    assert publication.command("migrate").returncode == 0
    number, kills = 90, 0
    ask(publication, QUEUE.format(number=number))
    mailbox.delay = 0.03
    for goal in (15, 35, 60):
        process = publication.start("run")
        publication.wait_for(lambda goal=goal: len(mailbox.received) >= goal, f"{goal} mails")
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        kills += 1
    publication.start("run")
    publication.wait_for(lambda: publication.row(UNSETTLED) == (0,), "the end")
    counts = ask(publication, COUNT)
    uncertain = counts.get("uncertain", 0)
    assert max(mailbox.counts.values()) == 1, "somebody got two"
    assert counts["submitted"] + uncertain == number
    assert uncertain <= kills, "one for each kill, at most"
    assert number - len(mailbox.counts) <= uncertain, "lost without a word"


def test_a_reader_who_asks_on_the_page_gets_the_link_by_mail(publication, mailbox):
    publication.configure(send=smtp(mailbox), newsletter={"first_issue": "on_schedule"})
    (address,) = publication.readers(1)
    publication.start("run")
    publication.wait_for(lambda: "is running" in publication.log(), "the start")
    data = urllib.parse.urlencode({"email": address}).encode()
    request = urllib.request.Request(f"{publication.url}/sign-in/", data, {"Origin": publication.url})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    publication.wait_for(lambda: mailbox.received, "the link")
    message = mailbox.messages()[0]
    assert message["To"] == f"Reader <{address}>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert f"{publication.url}/sign-in/" in message.get_body(("plain",)).get_content()
