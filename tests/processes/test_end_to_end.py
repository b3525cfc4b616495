"""From a feed and a folder to messages that a real mail server has received, by the running program alone."""

import http.client
import re
import signal
import time
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.processes

FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Wire</title><link>https://wire.example.org/</link>
<item><title>Lighthouses &amp; ships \U0001f6a2</title><link>https://wire.example.org/lighthouses?utm_source=feed</link>
<guid>w-1</guid><pubDate>Mon, 02 Nov 2026 08:00:00 GMT</pubDate>
<description>&lt;p&gt;A keeper writes.&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;</description></item>
</channel></rss>"""

POST = """---
title: "Tea, two ways :tea:"
date: 2026-11-01 09:00
tags: [news]
---

Cha or tea? It depends on the boat.

## \U0001f6a2 By sea

> A cup is a map.
"""


def is_sent(publication):
    """Whether the only issue there is has been sent."""
    return publication.row("SELECT status FROM newsletter_issue") == ("sent",)


def on_the_wire(publication):
    """How many messages the mail server has been given and not answered."""
    row = publication.row("SELECT COUNT(*) FROM newsletter_message WHERE state = 'submitting'")
    return row[0] if row else 0


def see_a_later_post(publication, title):
    """Put another post into the folder, and wait until the running program has found it."""
    publication.post(f"2026-11-02-{title}.md", f"---\ntitle: {title}\n---\nNews.\n")
    found = f"SELECT 1 FROM newsletter_post WHERE title = '{title}'"
    publication.wait_for(lambda: publication.row(found), f"the post {title}")


def smtp(mailbox, **changes):
    server = {"host": "127.0.0.1", "port": mailbox.port, **changes.pop("smtp", {})}
    return {"transport": "smtp", "smtp": server, **changes}


def test_a_feed_and_a_folder_come_through_to_received_mail(publication, mailbox, site):
    site.pages["/feed.xml"] = ("application/rss+xml", FEED.encode())
    feed = {"kind": "feed", "location": f"{site.url}/feed.xml", "allow_private": True}
    publication.configure(send=smtp(mailbox), sources={"wire": feed}, newsletter={"sources": ["posts", "wire"]})
    publication.post("2026-11-01-tea.md", POST)
    people = publication.readers(3)

    publication.start("run")
    publication.wait_for(lambda: set(mailbox.counts) == people, "mail for everyone")

    for message in mailbox.messages():
        html, text = (message.get_body((kind,)).get_content() for kind in ("html", "plain"))
        assert "Lighthouses" in text
        assert "\N{TEACUP WITHOUT HANDLE}" in text
        assert "alert(1)" not in html
        assert "utm_source" not in html
        assert message["From"] == "The Daily <daily@news.example.org>"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message.defects == []
    assert set(mailbox.counts.values()) == {1}
    publication.wait_for(lambda: is_sent(publication), "the issue is called sent")

    follow_a_link_and_unsubscribe(publication, mailbox)


def follow_a_link_and_unsubscribe(publication, mailbox):
    """What comes back: a click, an open and an unsubscribe of the first reader."""
    message = mailbox.messages()[0]
    html = message.get_body(("html",)).get_content()
    click = re.search(r"http://127\.0\.0\.1:\d+/c/\d+/[\w-]+", html)[0]
    pixel = re.search(r"http://127\.0\.0\.1:\d+/o/[\w-]+\.gif", html)[0]
    assert location_of(click).startswith(("https://wire.example.org/", "http://127.0.0.1"))
    with urllib.request.urlopen(pixel) as answer:
        assert answer.headers["Content-Type"] == "image/gif"
    way_out = re.match(r"<(.*?)>", message["List-Unsubscribe"])[1]
    with urllib.request.urlopen(way_out) as page:
        assert page.status == 200
    assert publication.facts("lists")[0]["active"] == 3
    with urllib.request.urlopen(way_out, data=b"List-Unsubscribe=One-Click") as answer:
        assert answer.status == 200
        assert answer.url == way_out
    assert publication.facts("lists")[0] == {"list": "readers", "title": "", "active": 2, "unsubscribed": 1}
    report = publication.facts("report", publication.facts("issues")[0]["issue"])
    assert (report["opened"], report["clicked"], report["unsubscribed"]) == (1, 1, 1)


def location_of(url):
    """Where a redirect leads; asked without following it."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc)) as connection:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 302
        return answer.headers["Location"]


@pytest.mark.first
def test_the_clock_alone_takes_posts_to_mail_once_though_killed_and_restarted(publication, mailbox):
    # Before then the program starts twice, which a busy machine may well take a minute for.
    due = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=2)
    schedule = {"cron": f"{due.minute} {due.hour} {due.day} {due.month} *", "time_zone": "UTC"}
    newsletter = {"schedule": schedule, "first_issue": "on_schedule", "cut_off": "5s"}
    publication.configure(send=smtp(mailbox, lease="5s"), newsletter=newsletter)
    people = publication.readers(5)

    first = publication.start("run")
    publication.wait_for(lambda: "is running" in publication.log(), "the first start")
    publication.post("2026-11-01-tea.md", POST)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert publication.facts("issues") == []
    publication.start("run")

    left = (due - datetime.now(UTC)).total_seconds()
    time.sleep(max(left - 1, 0))
    assert mailbox.received == []
    publication.wait_for(lambda: set(mailbox.counts) == people, "mail for everyone")
    restart_and_expect_no_more(publication, mailbox, people)


def restart_and_expect_no_more(publication, mailbox, people):
    publication.stop_all()
    publication.start("run")
    publication.wait_for(lambda: publication.log().count("is running") == 3, "the start")
    # Nothing has come only once there was the time for it: two posts that are found one after the other show two looks.
    for title in ("Later", "Latest"):
        see_a_later_post(publication, title)
    assert mailbox.counts == dict.fromkeys(people, 1)
    assert [issue["status"] for issue in publication.facts("issues")] == ["sent"]


def test_kill_nine_in_the_middle_loses_nobody_and_repeats_nobody(publication, mailbox):
    publication.configure(send=smtp(mailbox, lease="5s", batch=20, workers=2))
    publication.post("2026-11-01-tea.md", POST)
    people = publication.readers(120)
    mailbox.delay = 0.03
    kills = 0
    for goal in (20, 45, 80):
        process = publication.start("run")
        publication.wait_for(lambda goal=goal: len(mailbox.received) >= goal, f"{goal} messages")
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        kills += 1
    publication.start("run")
    publication.wait_for(lambda: is_sent(publication), "the end")

    counts = publication.facts("issues")[0]["messages"]
    uncertain = counts.get("uncertain", 0)
    assert max(mailbox.counts.values()) == 1, "somebody got two"
    assert counts["submitted"] + uncertain == len(people)
    assert uncertain <= 2 * kills, "one for each of two connections and kill, at most"
    missing = people - set(mailbox.counts)
    assert len(missing) <= uncertain, f"lost without a word: {missing}"


@pytest.mark.alone
def test_sigterm_finishes_what_is_on_the_wire_within_ten_seconds(publication, mailbox):
    publication.configure(send=smtp(mailbox, batch=20))
    publication.post("2026-11-01-tea.md", POST)
    people = publication.readers(60)
    mailbox.delay = 0.1
    process = publication.start("run")
    publication.wait_for(lambda: len(mailbox.received) >= 10, "some messages")
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert time.monotonic() - asked < 10
    counts = publication.facts("issues")[0]["messages"]
    assert counts.get("uncertain", 0) == counts.get("submitting", 0) == 0
    assert counts["submitted"] == len(mailbox.received)

    mailbox.delay = 0
    publication.start("run")
    publication.wait_for(lambda: set(mailbox.counts) == people, "the rest")
    assert set(mailbox.counts.values()) == {1}


@pytest.mark.alone
def test_a_mail_server_that_hangs_does_not_keep_the_process_from_stopping(publication, mailbox):
    publication.configure(send=smtp(mailbox, workers=1))
    publication.post("2026-11-01-tea.md", POST)
    publication.readers(5)
    mailbox.delay = 30
    process = publication.start("run")
    publication.wait_for(lambda: on_the_wire(publication), "a message on the wire")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10.5) == 0
    # What was on the wire is uncertain, and the next process sends the rest: the journal says which is which.
    mailbox.delay = 0
    publication.start("run")
    publication.wait_for(lambda: publication.row("SELECT status FROM newsletter_issue") == ("sent",), "the end")
    assert publication.facts("issues")[0]["messages"] == {"submitted": 4, "uncertain": 1}


@pytest.mark.alone
def test_a_start_that_waits_for_a_slow_feed_can_be_stopped_at_once(publication, site):
    site.hangs = True
    feed = {"kind": "feed", "location": f"{site.url}/feed.xml", "allow_private": True}
    publication.configure(sources={"wire": feed}, newsletter={"sources": ["wire"]})
    publication.readers(1)
    process = publication.start("run")
    publication.wait_for(lambda: site.asked, "the feed is asked for")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
