"""axe-core finds nothing on the desk's pages about people, sending and reports: in light and dark, and on a phone."""

import mimetypes
import shutil
from datetime import timedelta
from itertools import chain, count, islice
from pathlib import Path
from threading import Event

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import sync_playwright

from newsletter import preflight
from newsletter.compose import Plan, planning
from newsletter.models import Chore, Hitch, LinkCheck, TestGroup, Trial, trial
from newsletter.send import limits
from subscribers import importing
from subscribers.models import Bulk, Consent, Field, Import, Segment, Tag, Tagging
from tests.factories import (
    make_edition,
    make_event,
    make_issue,
    make_item,
    make_link,
    make_list,
    make_message,
    make_post,
    make_sent_issue,
    make_source,
    make_staff,
    make_subscriber,
    make_suppression,
)
from tests.others.conftest import FLAGS, HERE

pytestmark = [pytest.mark.others, pytest.mark.django_db]
SITE = "http://testserver"
KEY = django_settings.SECRET_KEY
FILE = b"Name,Email,City\nAda,ada@example.org,Paris\nNobody,not an address,Rome\n"
RULES = {
    "all": [{"kind": "domain", "is": "one_of", "value": ["example.org"]}, {"any": [{"kind": "tag", "of": "press"}]}]
}
# Unfold's own frame has no <main>, and its sidebar two scrollers of one name: so it is on every admin's pages.
UNFOLDS = {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}
SCROLLERS = {"exclude": [[".simplebar-content-wrapper[role=region]"]]}


def admin(model):
    return reverse(f"admin:subscribers_{model}_changelist")


@pytest.fixture
def drawn(settings, make_config):
    """The pages by name, with people in them and with none."""
    settings.NEWSLETTER = make_config()
    client = Client()
    client.force_login(make_staff())
    pages = {"nobody": client.get(admin("subscriber"))}
    pages |= {
        name: client.get(address)
        for name, address in chain(
            _people(),
            _imports(client),
            _sending(client),
            _reports(),
            _editing(client),
            _checks(settings.NEWSLETTER),
            _calendar(settings.NEWSLETTER),
            _publication(),
            _trying(client),
        )
    }
    assert {name: answer.status_code for name, answer in pages.items() if answer.status_code not in (200, 422)} == {}
    return {name.replace(" ", "-"): answer.content.decode() for name, answer in pages.items()}


def _people():
    """Pages about people; rows are there when each is asked for."""
    now, press = timezone.now(), Tag.objects.create(name="press", title="Press")
    people = [make_subscriber(f"reader{n}@example.org", name=f"Reader {n}", fields={"city": "Bonn"}) for n in range(12)]
    ada = people[0]
    Tagging.objects.create(tag=press, subscriber=ada)
    field = Field.objects.create(name="city", title="City")
    Consent.objects.create(subscriber=ada, list=make_list(), list_name="readers", action="confirmed", at=now)
    make_suppression(ada.email)
    segment = Segment.objects.create(name="some", title="Some", rules=RULES)
    running = {"kind": "tag", "tag": press, "created_at": now, "by": "ada", "total": 9000}
    half = Bulk.objects.create(**running, last=100, cursor=40, counts={"people": 3600, "changed": 3500})
    done = Bulk.objects.create(**running, status="done", finished_at=now, counts={"people": 9000, "changed": 8000})
    Hitch.objects.create(name="imports", reason="the disk is full", since=now - timedelta(hours=1))
    yield "today", reverse("admin:index")
    for name in ("subscriber", "list", "tag", "field", "segment", "bulk", "suppression"):
        yield name, admin(name)
    yield "person", reverse("admin:subscribers_subscriber_change", args=(ada.pk,))
    yield "person data", reverse("desk-person-data", args=(ada.pk,))
    yield "field form", reverse("desk-field", args=(field.pk,))
    yield "builder", reverse("desk-segment", args=(segment.pk,))
    yield "bulk ask", f"{reverse('desk-bulk-ask', args=('tag',))}?people={ada.pk}&people={people[1].pk}"
    yield "bulk running", reverse("desk-bulk", args=(half.pk,))
    yield "bulk done", reverse("desk-bulk", args=(done.pk,))
    yield "suppress many", reverse("desk-suppress-many")
    yield "growth", reverse("desk-growth")
    yield "hygiene", reverse("desk-hygiene")
    yield "changes", reverse("admin:admin_logentry_changelist")


def _sending(client):
    """An issue on its way with everything that can go wrong, one that stopped itself, and what is asked about them."""
    now = timezone.now()
    issue = make_sent_issue(status="sending", started_at=now - timedelta(minutes=2), finished_at=None)
    people = (make_subscriber(f"to{n}@example.org") for n in count())
    make_message(issue, next(people), submitted_at=now)
    wrong = {
        "pending": "", "failed": "552 5.2.2 mailbox full", "bounced": "550 no such user",
        "deferred": "451 greylisted", "uncertain": "lost",
    }  # fmt: skip
    for state, reason in wrong.items():
        make_message(issue, next(people), state=state, reason=reason, retry_at=now if state == "deferred" else None)
    halted = make_sent_issue(status="sending", finished_at=None)
    make_message(halted, next(people), state="pending")
    halted.halt("535 5.7.8 the user name or the password is wrong", now)
    limits.rest("outbox", "421 too many connections", now + timedelta(minutes=5), now)
    yield "today while sending", reverse("admin:index")
    yield "sending", reverse("desk-report", args=(issue.pk,))
    yield "halted", reverse("desk-report", args=(halted.pk,))
    yield "retry", reverse("desk-retry", args=(issue.pk,))
    yield "settle", reverse("desk-settle", args=(issue.pk,))


def _reports():
    """What came back of an issue, drawn; and the pages beside its report."""
    now = timezone.now()
    issue = make_sent_issue(started_at=now - timedelta(hours=5), newsletter="weekly", due_at=now)
    item = make_item(issue, section="World")
    link = make_link(issue, item.url)
    html = f'<p><a href="https://x.test/c/{link.pk}/hmarker-token-o">Read</a></p>'
    issue.edition = make_edition(issue, html=html)
    issue.save()
    for number, judged in enumerate(("human", "prefetch", "bot")):
        message = make_message(issue, make_subscriber(f"{judged}@example.org"), state="delivered")
        make_event(message, judged=judged, at=now - timedelta(hours=number + 1))
        make_event(message, "click", link=link, judged=judged, at=now - timedelta(hours=number))
    make_message(issue, make_subscriber("away@example.org"), state="bounced", reason="550 no such user")
    yield "report", reverse("desk-report", args=(issue.pk,))
    yield "link map", reverse("desk-link-map", args=(issue.pk,))
    yield "all issues", reverse("desk-letter", args=("weekly",))
    yield "persons timeline", reverse("admin:subscribers_subscriber_change", args=(message.subscriber_id,))


def _calendar(config):
    """A month with dates of every kind, one of them, and the series."""
    now = timezone.now()
    left, moved, planned = (one.original for one in islice(Plan.of(config, "weekly").upcoming(now), 3))
    planning.leave_date_out(config, "weekly", left, "Christmas", now)
    planning.move_date(config, "weekly", moved, moved + timedelta(days=1), "", now)
    for key in (left, moved, planned):
        yield f"date {key:%m-%d}", reverse("desk-calendar-date", args=("weekly", f"{key:%Y%m%dT%H%MZ}"))
    yield "month", f"{reverse('desk-calendar')}?month={moved:%Y-%m}"
    yield "week", f"{reverse('desk-calendar')}?week={moved:%G-W%V}"
    yield "series", reverse("desk-series", args=("weekly",))


def _checks(config):
    """The checks of an issue: before anybody has looked, while somebody does, and with everything found."""
    now = timezone.now()
    issue = make_issue(status="in_review", due_at=now + timedelta(days=1), opening="Lorem ipsum", subject="BUY NOW")
    make_item(issue, make_post(url="https://iana.org/x"))
    proof = preflight.pull(issue, config, KEY, now)
    yield "checks nobody", reverse("desk-checks", args=(issue.pk,))
    row = preflight.want(issue, config, KEY, now)
    yield "checks running", reverse("desk-checks", args=(issue.pk,))
    gone = LinkCheck.Outcome.BROKEN
    preflight.complete(
        row, proof, timezone.now, look=lambda urls, settings, clock: [LinkCheck.of(one, gone, clock()) for one in urls]
    )
    yield "checks", reverse("desk-checks", args=(issue.pk,))
    preflight.override(issue, config, KEY, "it is about typesetting", now)
    yield "checks overridden", reverse("desk-checks", args=(issue.pk,))
    yield "approve", reverse("admin:newsletter_issue_approve", args=(issue.pk,))
    yield "refuse", reverse("admin:newsletter_issue_refuse", args=(issue.pk,))
    yield "today with an approval", reverse("admin:index")
    issue.approve(make_edition(issue), None, now)
    schedule = reverse("admin:newsletter_issue_schedule", args=(issue.pk,))
    yield "schedule", schedule
    yield "schedule twice", f"{schedule}?at=2099-10-25T02:30"
    yield "schedule missing", f"{schedule}?at=2099-03-29T02:30"
    issue.go("scheduled", send_at=now + timedelta(minutes=30))
    yield "bar soon", reverse("desk-growth")
    issue.go("scheduled", send_at=now + timedelta(seconds=25))
    yield "bar undo", reverse("desk-growth")
    issue.stop("approved", "taken off the schedule by ada", now, only=("scheduled",))
    yield "bar stopped", reverse("desk-growth")


def _editing(client):
    """An issue in the making, with a block of the editor's own and something taken out; its history and preview."""
    issue = make_issue(status="in_review", due_at=timezone.now() + timedelta(days=3))
    for section in ("World", "World", "Science"):
        make_item(issue, section=section, note="Why it matters")
    address = reverse("desk-edit", args=(issue.pk,))
    form = client.get(address).context["letter"]
    client.post(address, {"do": "letter", **dict(form.marks), "subject": "Whales", "opening": "Good morning."})
    client.post(address, {"do": "add", "text": "::: poll Tea?\n- Yes\n- No\n:::"})
    client.post(address, {"do": "out", "piece": f"i{issue.items.last().pk}"})
    yield "editor", address
    yield "history", reverse("desk-history", args=(issue.pk,))
    yield "revision", reverse("desk-revision", args=(issue.pk, issue.revisions.first().number))
    yield "preview", f"{reverse('desk-preview', args=(issue.pk,))}?part=all"
    issue.refresh_from_db()
    issue.status = "sent"
    issue.save()
    yield "editor read only", address


def _publication():
    """What config.yaml says, a sender that was looked at, a source that fails, and a test that was sent."""
    now = timezone.now()
    make_post(source=make_source(failures=2, error="The server answered 404.", checked_at=now))
    group = TestGroup.objects.create(name="Team", addresses=["ada@example.org"])
    look = Chore.ask(Chore.Kind.LOOK, "weekly", now)
    look.finish(now, {"findings": [], "ways": {"outbox": ""}})
    issue = make_issue(due_at=now + timedelta(days=9))
    make_item(issue)
    test = Chore.ask(Chore.Kind.TEST, issue.pk, now, emails=["ada@example.org", "no@example.org"])
    test.finish(now, {"heard": [["ada@example.org", "sent", ""], ["no@example.org", "not sent", "550 no such user"]]})
    for name in ("newsletters", "senders", "configuration", "gallery"):
        yield name, reverse(f"desk-{name}")
    yield "newsletter", reverse("desk-newsletter", args=("weekly",))
    yield "source", reverse("desk-source", args=("wire",))
    yield "sources", reverse("admin:newsletter_source_changelist")
    yield "test groups", reverse("admin:newsletter_testgroup_changelist")
    yield "test group", reverse("admin:newsletter_testgroup_change", args=(group.pk,))
    yield "tested", f"{reverse('desk-preview', args=(issue.pk,))}?of=list:readers&test={test.pk}"


def _trying(client):
    """An A/B test: none yet, being written, on its way, and decided by hand."""
    due = timezone.now() + timedelta(days=16)
    issue = make_issue(status="in_review", due_at=due, subject="Whales", opening="Dear,")
    make_item(issue)
    address = reverse("desk-ab", args=(issue.pk,))
    yield "test none", address
    trial.put(issue, {**trial.begun("bc"), "varies": list(trial.FIELDS)})
    yield "test written", address
    editions = {letter: make_edition(issue, subject=f"Whales {letter}", variant=letter) for letter in "abc"}
    issue.approve(editions["a"], None, timezone.now(), editions)
    issue.status, issue.started_at = "sending", timezone.now()
    issue.save()
    for number, letter in enumerate("aabbc"):
        make_event(make_message(issue, make_subscriber(f"tried{number}@example.org"), variant=letter), "click")
    make_message(issue, make_subscriber("waits@example.org"), state="held")
    yield "test on its way", address
    yield "test choosing", f"{address}?choose=b"
    Trial.objects.get(issue=issue).decide("b", timezone.now(), "chosen by hand")
    yield "test decided", address
    yield "report of a test", reverse("desk-report", args=(issue.pk,))


def _imports(client):
    """A file from being chosen to its report."""
    yield "import new", reverse("desk-import-new")
    client.post(reverse("desk-import-new"), {"file": SimpleUploadedFile("people.csv", FILE)})
    job = Import.objects.get()
    yield "import mapping", reverse("desk-import", args=(job.pk,))
    given = {
        "list": make_list().pk,
        "basis": "the fair",
        "merge": "fill",
        "as_0": "name",
        "as_1": "email",
        "as_2": "field:city",
    }
    client.post(reverse("desk-import-do", args=(job.pk, "start")), given)
    yield "import waiting", reverse("desk-import", args=(job.pk,))
    importing.carry_on(Event(), timezone.now)
    yield "import done", reverse("desk-import", args=(job.pk,))
    yield "imports", admin("import")


def _answer(pages, route):
    path = route.request.url.removeprefix(SITE)
    if path[1:] in pages:
        return route.fulfill(body=pages[path[1:]], content_type="text/html; charset=utf-8")
    file = finders.find(path.removeprefix("/static/").partition("?")[0]) if path.startswith("/static/") else None
    if not file:
        return route.abort()
    kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
    return route.fulfill(body=Path(file).read_bytes(), content_type=kind)


def test_axe_finds_nothing_on_the_pages_about_the_audience_sending_and_reports(drawn):
    found = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(reduced_motion="reduce")
        page.route("**/*", lambda route: _answer(drawn, route))
        page.add_init_script(path=HERE / "node_modules" / "axe-core" / "axe.min.js")
        for name in drawn:
            page.goto(f"{SITE}/{name}")
            found += [f"{name}: {one}" for one in _looked(page)]
        browser.close()
    assert not found, "\n".join(found)


def _looked(page):
    """Everything on a phone, where nothing but the width is another; and the colours in the dark."""
    page.set_viewport_size({"width": 375, "height": 900})
    yield from _violations(page, "at 375", {"rules": UNFOLDS})
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        yield f"at 375: {wide} pixels wider than the screen"
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("document.documentElement.classList.add('dark')")
    yield from _violations(page, "in the dark", {"runOnly": ["color-contrast"]})


def _violations(page, where, asked):
    ask = "([within, asked]) => axe.run(within, {...asked, resultTypes: ['violations']})"
    for one in page.evaluate(ask, [SCROLLERS, asked])["violations"]:
        for node in one["nodes"]:
            yield f"{where}: {one['id']}: {one['help']}: {node['html'][:200]}"
