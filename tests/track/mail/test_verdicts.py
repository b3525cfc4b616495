"""What a report's words mean. An address is given up for good only where that is what they say."""

import pytest

from newsletter.track.mail.verdicts import first_status, verdict


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind"),
    [
        ("5.1.1", "", "bounced"),
        ("5.1.2", "", "bounced"),
        ("5.1.3", "", "bounced"),
        ("5.1.10", "", "bounced"),
        ("5.2.1", "", "bounced"),
        ("5.01.001 (bad destination)", "", "bounced"),
        ("5.0.0", "smtp; 550 5.1.1 no such user", "bounced"),
        ("", "smtp; 550 5.1.1 no such user", "bounced"),
        ("", "smtp; 550 No such user here", "bounced"),
        ("5.0.0", "smtp; 553 unknown user", "bounced"),
        ("5.2.2", "", "soft_bounced"),
        ("4.4.7", "expired", "soft_bounced"),
        ("4.2.2", "smtp; 452 4.2.2 over quota", "soft_bounced"),
        ("4.0.0", "smtp; 550 no such user", "bounced"),
        ("5.7.1", "", "blocked"),
        ("5.7.26", "", "blocked"),
        ("5.7.515", "", "blocked"),
        ("5.0.0", "smtp; 550 5.7.1 Service unavailable", "blocked"),
        ("5.1.1", "smtp; 550 5.7.1 rejected for policy reasons", "blocked"),
        ("", "smtp; 550 blocked by our block list", "blocked"),
        ("", "smtp; 554 spam", "soft_bounced"),
        ("", "smtp; 550 relay not permitted", "soft_bounced"),
        ("", "smtp; 550 mailbox is full", "soft_bounced"),
        ("5.4.1", "smtp; 550 5.4.1 Recipient address rejected: Access denied", "soft_bounced"),
        ("5.1.0", "", "soft_bounced"),
        ("5.3.4", "message too big", "soft_bounced"),
        ("2.0.0", "", "soft_bounced"),
        ("", "", "soft_bounced"),
        ("nonsense", "nonsense", "soft_bounced"),
        ("5.1.1.7", "", "soft_bounced"),
    ],
)
def test_a_failure_is_for_good_for_now_or_about_us(status, diagnostic, kind):
    assert verdict("failed", status, diagnostic).kind == kind


@pytest.mark.parametrize(
    ("status", "diagnostic", "unclear"),
    [("4.4.7", "", False), ("5.2.2", "", False), ("", "smtp; 451 later", False), ("5.4.1", "", True), ("", "", True)],
)
def test_what_is_only_the_cautious_reading_says_so(status, diagnostic, unclear):
    found = verdict("failed", status, diagnostic)
    assert (found.kind, found.unclear) == ("soft_bounced", unclear)


@pytest.mark.parametrize(
    ("action", "kind"),
    [("delayed", "deferred"), ("Delivered", "delivered"), ("expanded", "delivered"), ("relayed", "accepted")],
)
def test_what_is_no_failure_is_none_whatever_its_status(action, kind):
    assert verdict(action, "5.1.1", "smtp; 550 5.1.1 no such user").kind == kind


@pytest.mark.parametrize("text", ["4.2.2.1", "host 192.0.2.1 said", "15.1.1", "version 5.1", "5.1.1000", ""])
def test_an_address_of_a_machine_is_no_status(text):
    assert first_status(text) == ""
