"""The gallery shows each theme and layout five ways, of the sample or of an issue."""

import pytest
from django.urls import reverse

from tests.factories import make_issue, make_item, make_post

pytestmark = pytest.mark.django_db


def seen(staff, **query):
    answer = staff.get(reverse("desk-gallery-mail"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_theme_is_shown_five_ways_side_by_side(staff):
    found = staff.get(reverse("desk-gallery"), {"theme": "gazette", "layout": "post"}).content.decode()
    assert found.count("<iframe") == 5
    for view in ("wide", "phone", "dark", "bare", "text"):
        assert f"theme=gazette&amp;layout=post&amp;view={view}" in found
    assert "the HTML weighs" in found
    for name in ("atlas", "gazette", "letter", "Announcement", "Draft ready"):
        assert name in found


def test_an_address_that_says_nothing_or_nonsense_shows_the_newsletters_own_look(staff):
    for query in ({}, {"theme": "../x", "layout": "<b>", "issue": "9" * 30, "newsletter": "no"}):
        found = staff.get(reverse("desk-gallery"), query).content.decode()
        assert "theme=atlas&amp;layout=digest" in found


def test_the_dark_view_is_dark_in_every_browser(staff):
    assert "prefers-color-scheme" not in seen(staff, view="dark")
    assert "@media (prefers-color-scheme: dark)" in seen(staff, view="wide")


def test_the_view_without_images_loads_none(staff):
    assert "<img" in seen(staff, view="bare")
    assert "src=" not in seen(staff, view="bare")
    assert "data:image/svg+xml" in seen(staff, view="wide")


def test_an_issue_is_shown_in_any_theme(staff):
    issue = make_issue()
    make_item(issue, make_post(title="A whale falls"))
    assert "A whale falls" in " ".join(seen(staff, theme="letter", layout="announcement", issue=issue.pk).split())
    assert "A WHALE" not in seen(staff, theme="letter", view="text")


def test_a_mail_in_the_gallery_runs_no_script(staff):
    assert staff.get(reverse("desk-gallery-mail"))["Content-Security-Policy"].startswith("sandbox")


def test_a_fault_in_a_theme_is_shown_with_its_place(staff, config):
    folder = config.path(config.render.templates) / "atlas"
    folder.mkdir(parents=True)
    (folder / "lead.mjml.j2").write_text("{{ nobody_set_this }}")
    assert "lead.mjml.j2 line 1" in staff.get(reverse("desk-gallery")).content.decode()
    assert staff.get(reverse("desk-gallery-mail")).status_code == 422


def test_each_theme_says_where_it_stands_and_who_uses_it_and_ones_own_what_is_wrong_with_it(staff, config):
    said = staff.get(reverse("desk-gallery")).content.decode()
    assert "You have no theme of your own yet" in said
    assert said.count("shipped with the program") == 3
    assert "<td>The Weekly</td>" in said
    own = config.path(config.render.templates) / "ours"
    own.mkdir(parents=True)
    (own / "lead.mjml.j2").write_text("{{ nobody_set_this }}")
    said = staff.get(reverse("desk-gallery"), {"theme": "letter"}).content.decode()
    assert f"{config.render.templates}/ours/" in said
    assert "It cannot be drawn: " in said
    assert "You have no theme of your own yet" not in said


def test_a_publication_without_newsletters_is_told_so(staff, settings, make_config):
    settings.NEWSLETTER = make_config().model_copy(update={"newsletters": {}})
    assert "no newsletter yet" in staff.get(reverse("desk-gallery")).content.decode()
