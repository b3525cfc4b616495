"""Newsletters, senders, configuration and sources: what belongs in config.yaml, to be seen at the desk."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from newsletter import pipeline
from newsletter import staff as house
from newsletter.chores import Doing, looking
from newsletter.config import Newsletter
from newsletter.desk.pages.newsletters import STAGES
from newsletter.models import Beat, Chore, Issue, Preflight, Source
from newsletter.preflight import Finding
from newsletter.send import limits
from tests.desk.test_roles import signed_in
from tests.factories import NOW, make_issue, make_item, make_post, make_sent_issue, make_source, make_staff
from tests.preflight.test_outside import names

pytestmark = pytest.mark.django_db


@pytest.fixture
def config(settings, make_config):
    settings.NEWSLETTER = make_config()
    return settings.NEWSLETTER


def page(client, name, *args, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def do_chores(**context):
    ctx = {"config": django_settings.NEWSLETTER, "key": django_settings.SECRET_KEY, **context}
    pipeline.do_chores(pipeline.Context(**ctx))


# ── newsletters and configuration ────────────────────────────────────────────────────────────────────────────────────


def test_every_key_of_a_newsletter_has_its_stage():
    keys = [key for stage in STAGES.values() for key in stage]
    assert sorted(keys) == sorted(Newsletter.model_fields)


def test_a_newsletter_is_told_in_words_and_key_by_key(staff, config):
    sent = make_sent_issue()
    said = page(staff, "desk-newsletters")
    for part in ("The Weekly", "Friday at 08:00, Europe/Berlin", "next on Fri", sent.slug):
        assert part in said
    said = page(staff, "desk-newsletter", "weekly")
    for part in ("postal_address", "1 Test Street, Sampleton", "schedule.cron", "atlas, from render.theme",
                 "outbox, from send.transport", "Owner of all newsletters"):  # fmt: skip
        assert part in said
    assert staff.get(reverse("desk-newsletter", args=("nothing",))).status_code == 404


def test_addresses_of_testers_are_for_who_sends_tests(staff, settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"test_groups": {"team": ["grace@example.org"]}}})
    assert "team: grace@example.org" in page(staff, "desk-newsletter", "weekly")
    assert "grace@example.org" not in page(signed_in("Analyst")[0], "desk-newsletter", "weekly")


def test_a_house_without_newsletters_says_what_to_do(staff, settings, config):
    settings.NEWSLETTER = config.model_copy(update={"newsletters": {}})
    for name in ("desk-newsletters", "desk-senders"):
        assert "Write one under <code>newsletters</code>" in page(staff, name)


def test_the_configuration_shows_all_keys_or_what_is_set(staff, settings, tmp_path):
    from newsletter.config import load

    file = tmp_path / "config.yaml"
    file.write_text("site: {name: The House}\nsend: {smtp: {password: hush}}\n")
    settings.NEWSLETTER = load(file, {"NEWSLETTER_SITE__LISTEN": "127.0.0.1:9"})
    said = page(staff, "desk-configuration")
    assert "hush" not in said
    for part in ("site.metrics_token", "send.breaker.share", "what the publication as a whole is called"):
        assert part in said
    said = page(staff, "desk-configuration", only="set")
    assert "config.yaml line 1" in said
    assert "NEWSLETTER_SITE__LISTEN" in said
    assert "send.breaker.share" not in said


# ── senders ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_look_is_a_chore_and_the_page_waits_for_it(staff, config):
    assert "Nobody has looked yet" in page(staff, "desk-senders")
    for _ in range(2):
        assert staff.post(reverse("desk-senders-look", args=("weekly",))).status_code == 303
    assert Chore.objects.count() == 1
    assert f'hx-get="{reverse("desk-senders")}"' in page(staff, "desk-senders")
    do_chores()
    said = page(staff, "desk-senders")
    assert "is a name for examples and tests" in said
    assert "Look again" in said
    assert "it works" in said
    assert "hx-trigger" not in staff.get(
        reverse("desk-senders"), headers={"HX-Request": "true"}
    ).content.decode()  # fmt: skip


def test_what_name_servers_say_stands_at_each_record(staff, settings, make_config):
    sender = {"address": "news@lonely.dev", "dkim_selector": "s1"}
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"sender": sender}})
    chore = Chore.ask(Chore.Kind.LOOK, "weekly", NOW)
    doing = Doing(settings.NEWSLETTER, settings.SECRET_KEY, timezone.now, chore)
    with names({}) as means:
        chore.finish(timezone.now(), looking.carry_out(doing, means))
    said = page(staff, "desk-senders")
    for part in ("lonely.dev has no SPF record", "lonely.dev has no DMARC record", "there is no DKIM key at s1"):
        assert part in said


def test_the_checks_of_an_issue_are_a_look_too_if_they_are_later(staff, config):
    found = Finding("sender-spf", "news.dev has no SPF record", "publish one").facts()
    Preflight.objects.create(issue=make_issue(), digest="x", wanted_at=NOW, done_at=NOW, outside=[found])
    said = page(staff, "desk-senders")
    assert "news.dev has no SPF record" in said
    assert "with the checks of an issue" in said


def test_an_earlier_look_is_dropped_with_a_later_one(config):
    for minutes in range(3):
        Chore.ask("look", "weekly", NOW + timedelta(minutes=minutes))
        do_chores(clock=lambda at=minutes: NOW + timedelta(minutes=at))
    assert Chore.objects.count() == 1


def test_a_stopped_transport_is_let_go_on_by_who_may_send(staff, config):
    limits.rest("outbox", "the disk is full", None, timezone.now())
    waiting = make_issue(status="sending", reason="waits for outbox")
    address = reverse("desk-senders-wake")
    analyst, _ = signed_in("Analyst")
    assert "stopped: the disk is full" in page(analyst, "desk-senders")
    assert "Let it go on" not in page(analyst, "desk-senders")
    assert analyst.post(address, {"transport": "outbox"}).status_code == 403
    assert "Let it go on" in page(staff, "desk-senders")
    assert staff.post(address, {"transport": "outbox"}).status_code == 303
    assert limits.resting(["outbox"], timezone.now()) == {}
    assert Issue.objects.get(pk=waiting.pk).reason == ""
    assert LogEntry.objects.filter(change_message="outbox: let go on").exists()
    assert staff.post(address, {"transport": "nothing"}).status_code == 404


def test_a_test_to_oneself_is_sent_from_here(staff, config):
    make_item(issue := make_issue())
    assert f'action="{reverse("desk-test", args=(issue.pk,))}"' in page(staff, "desk-senders")


# ── sources ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_source_tells_its_visits_its_posts_and_whom_it_feeds(staff, config):
    now = timezone.now()
    row = make_source(checked_at=now - timedelta(minutes=5), succeeded_at=now - timedelta(minutes=5))
    for days in (0, 0, 8):
        make_post(source=row, published_at=now - timedelta(days=days))
    Beat.objects.create(job="collect", at=now)
    said = page(staff, "desk-source", "wire")
    for part in ("Well", "http://127.0.0.1:9/feed", "Next visit</dt><dd>about", "The Weekly", 'style="width:100%"'):
        assert part in said
    assert staff.get(reverse("admin:newsletter_source_change", args=(row.pk,)))["Location"].endswith("/source/wire/")


def test_a_failing_source_says_why_and_since_when(staff, config):
    error = "https://ada:hush@feeds.test/x answered 404. See whether the feed has moved."
    make_source(failures=3, error=error, checked_at=NOW)
    said = page(staff, "desk-source", "wire")
    assert "hush" not in said + page(staff, "admin:newsletter_source_changelist")
    for part in ("Failing: 3 visits in a row", "See whether the feed has moved", "It never went well yet"):
        assert part in said


def test_a_visit_now_is_a_chore_with_its_outcome(staff, config):
    said = page(staff, "desk-source", "wire")
    assert "Not visited yet" in said
    assert "not visited yet: <a" in page(staff, "admin:newsletter_source_changelist")
    assert staff.post(reverse("desk-source-visit", args=("wire",))).status_code == 303
    assert "It is being visited" in page(staff, "desk-source", "wire")
    do_chores()
    said = page(staff, "desk-source", "wire")
    assert "failed; why stands below" in said
    assert Source.objects.get().failures == 1
    assert LogEntry.objects.get().change_message == "visited at once"
    assert staff.post(reverse("desk-source-visit", args=("nothing",))).status_code == 404


def test_a_source_is_for_who_has_to_do_with_a_newsletter_that_it_feeds(settings, make_config):
    other = {"kind": "feed", "location": "http://127.0.0.1:9/other", "allow_private": True}
    daily = {"title": "The Daily", "sources": ["other"], "lists": ["readers"], "postal_address": "1 Test Street",
             "sender": {"address": "daily@news.example.org"}}  # fmt: skip
    settings.NEWSLETTER = make_config(newsletters={"daily": daily}, collect={"sources": {"other": other}})
    client, _ = signed_in("Editor", "weekly")
    assert "The Daily" not in page(client, "desk-newsletters")
    assert client.get(reverse("desk-newsletter", args=("daily",))).status_code == 403
    assert client.get(reverse("desk-source", args=("wire",))).status_code == 200
    for address in (reverse("desk-source", args=("other",)), reverse("desk-newsletter", args=("daily",))):
        assert client.get(address).status_code == 403
    assert client.post(reverse("desk-source-visit", args=("other",))).status_code == 403
    assert client.post(reverse("desk-senders-look", args=("daily",))).status_code == 403
    assert "daily@news" not in page(client, "desk-senders")


# ── chores, and whom we can reach ────────────────────────────────────────────────────────────────────────────────────


def test_what_was_asked_for_is_forgotten_but_for_the_last_look(config):
    Chore.ask("visit", "wire", NOW)
    look = Chore.ask("look", "weekly", NOW)
    Chore.forget(NOW + timedelta(days=2))
    assert list(Chore.objects.all()) == [look]
    Chore.forget(NOW + timedelta(days=91))
    assert not Chore.objects.exists()


def test_staff_whom_no_mail_can_reach_are_not_written_to(config):
    for name, email in (("editor", "editor@localhost"), ("grace", "grace@example.org")):
        User.objects.filter(pk=make_staff(name).pk).update(email=email)
    assert house.recipients(config, "failed", "weekly") == ["grace@example.org"]
