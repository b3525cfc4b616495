"""The preview shows the mail as it would be sent; the report says what became of it."""

import re

import pytest
from django.conf import settings
from django.urls import reverse

from newsletter import render
from newsletter.models import Event
from newsletter.render.environment import SHIPPED
from tests.factories import (
    make_event,
    make_issue,
    make_item,
    make_link,
    make_message,
    make_post,
    make_sent_issue,
    make_subscriber,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue():
    issue = make_issue(subject="🐋 A whale & a <city>", preheader="and what came of it")
    make_item(issue, make_post(title="A whale falls"))
    return issue


def page(client, name, issue, **query):
    answer = client.get(reverse(name, args=(issue.pk,)), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_preview_shows_the_line_in_the_inbox(staff, issue):
    found = page(staff, "desk-preview", issue)
    for part in ("The Weekly", "🐋 A whale &amp; a &lt;city&gt;", "and what came of it", "375"):
        assert part in found


def test_the_preview_has_no_hole_left_and_no_token_that_changes_anything(staff, issue):
    html = staff.get(reverse("desk-preview-html", args=(issue.pk,))).content.decode()
    text = page(staff, "desk-preview", issue, part="text")
    for found in (html, text):
        assert "A whale falls" in " ".join(found.split())
        (way_out,) = set(re.findall(r"/u/[\w-]+", found))
        assert "-token-o" not in found
        assert "This was a test mail" in staff.get(way_out).content.decode()
    assert not Event.objects.exists()


def test_the_preview_of_what_was_approved_is_what_is_sent_though_the_theme_has_changed(staff, issue, config):
    theme = config.path(config.render.templates) / config.render.theme
    theme.mkdir(parents=True)
    footer = theme / "footer.mjml.j2"
    footer.write_text((SHIPPED / "base" / footer.name).read_text())
    issue.edition = render.render(issue, config, settings.SECRET_KEY)
    issue.save()
    footer.write_text("{{ nobody_set_this }}")
    html = staff.get(reverse("desk-preview-html", args=(issue.pk,))).content.decode()
    assert "A whale falls" in html
    assert issue.items.get().url in html
    assert "/c/" not in html
    assert "/o/" not in html
    assert "A whale falls" in page(staff, "desk-preview", issue, part="text")
    assert "This is what was approved" in page(staff, "desk-preview", issue)


def test_the_preview_runs_no_script(staff, issue):
    answer = staff.get(reverse("desk-preview-html", args=(issue.pk,)))
    assert answer["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert '<base target="_blank">' in answer.content.decode()


def test_what_cannot_be_rendered_is_shown_with_its_reason(staff):
    empty = make_issue()
    assert "holds no stories" in page(staff, "desk-preview", empty)
    answer = staff.get(reverse("desk-preview-html", args=(empty.pk,)))
    assert (answer.status_code, "holds no stories" in answer.content.decode()) == (422, True)


def test_a_fault_in_a_theme_is_shown_with_file_and_line(staff, issue, config, tmp_path):
    theme = config.path(config.render.templates) / config.render.theme
    theme.mkdir(parents=True)
    (theme / "digest.mjml.j2").write_text("<mjml>\n{{ nobody_set_this }}\n</mjml>")
    found = page(staff, "desk-preview", issue)
    assert "digest.mjml.j2 line 2" in found
    assert "nobody_set_this" in found


def test_an_issue_of_a_newsletter_that_is_gone_says_so(staff):
    assert "no newsletter" in page(staff, "desk-preview", make_issue(newsletter="gone"))


@pytest.mark.parametrize("name", ["desk-preview", "desk-preview-html", "desk-report"])
def test_an_issue_that_is_not_there_is_not_found(staff, name):
    assert staff.get(reverse(name, args=(999,))).status_code == 404


def test_the_report_shows_every_number(staff):
    issue = make_sent_issue(reason="all done")
    for state in ("submitted", "delivered", "delivered", "delivered"):
        make_message(issue, state=state)
    make_message(issue, make_subscriber("bad@example.org"), state="failed", reason="550 <unknown>")
    make_message(issue, state="excluded", reason="suppressed")
    reader = issue.messages.first()
    make_event(reader)
    make_event(reader, "click", link=make_link(issue, "https://example.org/?a=1&b=2"))
    found = page(staff, "desk-report", issue)
    for part in ("all done", "1 excluded", "25.0 %", "1 open, 1 by people", "1 click, 1 by people", "suppressed",
                 "bad@example.org", "550 &lt;unknown&gt;", "https://example.org/?a=1&amp;b=2"):  # fmt: skip
        assert part in found


def test_failures_are_paged(staff):
    issue = make_sent_issue()
    for number in range(51):
        make_message(issue, make_subscriber(f"bad{number}@example.org"), state="failed", reason="no")
    assert "bad50@example.org" not in page(staff, "desk-report", issue)
    assert "bad50@example.org" in page(staff, "desk-report", issue, page=2)


@pytest.mark.parametrize(
    ("status", "live", "told"),
    [("sending", True, True), ("sent", False, False), ("draft", False, False), ("paused", False, True)],
)
def test_the_report_looks_again_by_itself_while_messages_leave(staff, status, live, told):
    issue = make_sent_issue(status=status)
    make_message(issue, state="pending")
    make_message(issue)
    found = page(staff, "desk-report", issue)
    assert ('hx-trigger="every 3s"' in found) is live
    assert ("50 % done" in found) is told


def test_a_report_before_sending_says_when_there_will_be_one(staff):
    assert "There is nothing to report yet" in page(staff, "desk-report", make_issue())


def test_the_preview_says_loudly_that_gmail_would_clip_a_mail(staff, issue):
    assert "Gmail" not in page(staff, "desk-preview", issue)
    for number in range(120):
        make_item(issue, make_post(title=f"Story {number}", summary="What happened. " * 15))
    found = page(staff, "desk-preview", issue)
    assert "desk-weight clipped" in found
    assert "Gmail will clip this mail at 102 kB" in found
