"""Every code is documented, known to the configuration's check, and has a check that may find it."""

from pathlib import Path

import pytest

from newsletter import preflight
from newsletter.cli import checks_reference as reference
from newsletter.preflight.checks import CHECKS
from newsletter.preflight.codes import CODES
from newsletter.preflight.findings import Finding, graded, may_block, summary
from newsletter.preflight.links.telling import _SAID
from newsletter.preflight.outside import QUESTIONS

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"


def test_the_page_is_up_to_date():
    text = PAGE.read_text(encoding="utf-8")
    assert reference.written(text) == text, "run: python -m newsletter.cli.checks_reference docs/checks.md"


def test_a_group_missing_from_the_page_is_named():
    with pytest.raises(ValueError, match=r"each group once: .*Sending"):
        reference.written("<!-- checks: Words -->\n<!-- end -->")


def test_every_code_belongs_to_a_check_and_the_other_way_round():
    found = {code for one in (*CHECKS, *QUESTIONS) for code in one.codes} | {code for code, *_ in _SAID.values()}
    assert found | {"link-unchecked", "image-broken", "render"} == set(CODES)


def test_a_newsletter_may_ignore_codes_and_give_others_another_level(make_config):
    wishes = {"ignore": ["year"], "levels": {"image-alt": "blocker", "link-broken": "note"}}
    checks = make_config(newsletters={"weekly": {"preflight": wishes}}).newsletters["weekly"].preflight
    found = [Finding(code, "what", "do", level="note") for code in ("year", "link-broken", "weight", "image-alt")]
    assert [(one.code, one.level) for one in graded(found, checks)] == [
        ("image-alt", "blocker"), ("link-broken", "note"), ("weight", "note"),
    ]  # fmt: skip
    assert [may_block(code, checks) for code in ("image-alt", "link-broken", "year", "placeholder")] == [
        True,
        False,
        False,
        True,
    ]


def test_a_code_that_no_check_has_is_a_problem_of_the_configuration(make_config):
    wishes = {"ignore": ["link-shortend"], "levels": {"nothing": "note"}}
    found = preflight.check(make_config(newsletters={"weekly": {"preflight": wishes}}))
    assert [(one.key, one.hint) for one in found] == [
        ("newsletters.weekly.preflight.ignore", "did you mean 'link-shortened'?"),
        ("newsletters.weekly.preflight.levels", "docs/checks.md lists them"),
    ]
    assert preflight.check(make_config()) == []


def test_findings_are_counted_in_words():
    levels = ("blocker", "blocker", "warning")
    assert summary(
        [Finding("year", "", "", about=str(number), level=level) for number, level in enumerate(levels)]
    ) == ("2 blockers, 1 warning")
    assert summary([]) == ""
