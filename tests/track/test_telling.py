"""The mail to staff a day after an issue was sent: once, with the main figures, in the newsletter's language."""

from datetime import timedelta

import pytest

from newsletter import pipeline, render
from newsletter.models import Notice
from newsletter.models.taking import Happening, take_in
from newsletter.track import report, tell_staff
from newsletter.track.report.telling import facts
from tests.factories import (
    NOW,
    make_event,
    make_item,
    make_link,
    make_message,
    make_post,
    make_sent_issue,
    make_staff,
)

pytestmark = pytest.mark.django_db
DAY = NOW + timedelta(hours=24)


@pytest.fixture
def config(settings, make_config):
    settings.NEWSLETTER = make_config(site={"alerts": ["desk@example.org"]})
    return settings.NEWSLETTER


@pytest.fixture
def issue():
    issue = make_sent_issue()
    make_item(issue, make_post(url="https://example.org/a", title="A whale"))
    first, second = make_message(issue), make_message(issue)
    make_event(first)
    make_event(second, judged="prefetch")
    make_event(first, "click", link=make_link(issue, "https://example.org/a"))
    return issue


def told():
    return sorted(Notice.objects.values_list("to", flat=True))


def test_staff_are_told_a_day_after_an_issue_was_sent_and_once(config, issue):
    make_staff("ada")
    make_staff("grace", is_staff=False)
    make_staff("emmy", is_superuser=False)
    assert tell_staff(config, DAY - timedelta(minutes=1)) == 0
    assert tell_staff(config, DAY) == 1
    assert tell_staff(config, DAY + timedelta(hours=1)) == 0
    assert told() == ["ada@example.org", "desk@example.org"]
    make_staff("late")
    assert tell_staff(config, DAY + timedelta(hours=1)) == 0


def test_what_went_out_long_ago_is_no_news(config, issue):
    assert tell_staff(config, NOW + timedelta(days=4)) == 0


@pytest.mark.parametrize("changes", [{"newsletter": "gone"}, {"status": "cancelled"}, {"status": "sending"}])
def test_of_other_issues_nothing_is_told(config, changes):
    make_message(make_sent_issue(**changes))
    assert tell_staff(config, DAY) == 0


def test_an_issue_that_went_to_nobody_is_not_told(config):
    make_sent_issue()
    assert tell_staff(config, DAY) == 0


def test_it_can_be_switched_off(make_config, issue):
    off = make_config(track={"report_mail": False}, site={"alerts": ["desk@example.org"]})
    pipeline.tell_staff(pipeline.Context(off, "key", clock=lambda: DAY))
    assert told() == []
    on = make_config(site={"alerts": ["desk@example.org"]})
    pipeline.tell_staff(pipeline.Context(on, "key", clock=lambda: DAY))
    assert told() == ["desk@example.org"]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ar", "he"])
def test_the_mail_has_raw_and_adjusted_figures_and_the_stories_that_were_followed(make_config, issue, language):
    config = make_config(newsletters={"weekly": {"language": language}})
    mail = render.service_mail("report", config, "weekly", facts(config, issue, report(issue)))
    for part in ("1 · 50.0 %", "2 · 100.0 %", "A whale", f"/desk/issue/{issue.pk}/report/"):
        assert part in mail.text
    assert "1 &#183; 50.0 %" in mail.html
    if language == "en":
        assert "Opened, adjusted: 1 · 50.0 %\nOpened, raw: 2 · 100.0 %\n" in mail.text


def test_what_is_not_counted_by_reader_is_not_said_to_be_none(config):
    issue = make_sent_issue()
    take_in([Happening(make_message(issue).pk, "open", NOW, judged="human", anonymous=True)], NOW)
    names = [name for name, _ in facts(config, issue, report(issue))["figures"]]
    assert "opened_adjusted" not in names
    assert "clicked_adjusted" in names
