"""`newsletter preflight`, and `approve` with what stops it."""

import pytest

from newsletter.models import Issue, LinkCheck, Override, Preflight
from tests.cli.test_issues import status

pytestmark = pytest.mark.django_db


@pytest.fixture
def blocked(issue):
    Issue.objects.filter(pk=issue.pk).update(opening="Lorem ipsum")
    return issue


def test_an_issue_without_blockers_ends_well(call, issue):
    done = call("preflight", str(issue))
    assert (done.code, done.err) == (0, "")
    assert "[sender-reserved]" in done.out
    assert Preflight.objects.get().is_done


def test_a_blocker_ends_with_1_and_says_what_to_do(call, blocked):
    done = call("preflight", str(blocked))
    assert done.code == 1
    assert "✗ the opening: “Lorem ipsum” looks like something still to be filled in\n" in done.out
    assert "write what is meant [placeholder]" in done.out
    assert "1 blocker" in done.out


def test_json_has_all_of_it(call, blocked):
    done = call("preflight", str(blocked.pk), "--json")
    (found,) = [one for one in done.facts["findings"] if one["level"] == "blocker"]
    assert (done.code, found["code"], found["where"], found["overridden"]) == (1, "placeholder", "the opening", False)
    assert (done.facts["issue"], len(done.facts["digest"])) == (str(blocked), 64)


def test_offline_nobody_is_asked_and_nothing_is_kept(call, issue):
    issue.items.update(url="https://iana.org/x")
    done = call("preflight", str(issue), "--offline")
    assert "one link has not been looked at yet" in done.out
    assert not Preflight.objects.exists()
    assert not LinkCheck.objects.exists()


def test_there_must_be_such_an_issue(call, db):
    done = call("preflight", "weekly/2099-01-01")
    assert (done.code, "there is no issue" in done.err) == (1, True)


def test_approve_names_the_blockers_and_the_ways_on(call, blocked):
    done = call("approve", str(blocked))
    assert done.code == 1
    assert "because of a blocker: the opening: “Lorem ipsum”" in done.err
    assert f"`newsletter approve {blocked} --override REASON` overrides it" in done.err
    assert status(blocked) == "in_review"


def test_an_override_with_a_reason_approves_it(call, blocked):
    assert call("approve", str(blocked), "--override", " ").code == 1
    done = call("approve", str(blocked), "--override", "it is about typesetting", "--json")
    assert done.facts["status"] == "approved"
    made = Override.objects.get()
    assert (made.reason, made.by, made.by_name) == ("it is about typesetting", None, "the command line")
    assert call("preflight", str(blocked), "--offline").code == 0


def test_what_is_approved_already_is_not_overridden(call, issue):
    call("approve", str(issue))
    Issue.objects.filter(pk=issue.pk).update(opening="Lorem ipsum")
    assert call("approve", str(issue), "--override", "because").code == 1
    assert not Override.objects.exists()


def test_check_names_codes_that_are_none(call, settings, config, make_config, tmp_path, db):
    settings.NEWSLETTER = make_config(
        site={"var": str(tmp_path / "var")}, newsletters={"weekly": {"preflight": {"ignore": ["nothing"]}}}
    )
    done = call("check", "--json")
    assert "newsletters.weekly.preflight.ignore" in [one["key"] for one in done.facts]
