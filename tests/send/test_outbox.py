"""The outbox: real messages as files."""

import email
import email.policy

import pytest

from newsletter.send.mailing import Reader
from newsletter.send.transports import State, TransportDown, outbox
from tests.send.conftest import hand_over

READERS = [Reader("5", "ada@example.org", "Ada", "tok5"), Reader("6", "bob@example.org", "", "tok6")]


@pytest.fixture
def folder(config):
    return config.outbox / "weekly" / "2026-11-20"


def test_each_message_is_a_file_under_its_issue(config, make_mailing, folder):
    outcomes = hand_over(outbox.open_transport("outbox", config), make_mailing(), READERS)
    assert [(one.ref, one.state) for one in outcomes] == [("5", State.SUBMITTED), ("6", State.SUBMITTED)]
    assert sorted(file.name for file in folder.iterdir()) == ["5.eml", "6.eml"]
    message = email.message_from_bytes((folder / "5.eml").read_bytes(), policy=email.policy.default)
    assert message["To"] == "Ada <ada@example.org>"
    assert "/u/tok5" in message.get_body(("plain",)).get_content()


def test_the_same_message_again_is_the_same_file(config, make_mailing, folder):
    transport = outbox.open_transport("outbox", config)
    hand_over(transport, make_mailing(subject="first"), READERS)
    hand_over(transport, make_mailing(subject="second"), READERS)
    assert len(list(folder.iterdir())) == 2
    assert b"Subject: second" in (folder / "6.eml").read_bytes()


def test_an_impossible_address_fails_alone(config, make_mailing, folder):
    readers = [Reader("7", "zoë@example.org", "", "t"), READERS[0]]
    outcomes = hand_over(outbox.open_transport("outbox", config), make_mailing(), readers)
    assert [one.state for one in outcomes] == [State.FAILED, State.SUBMITTED]
    assert [file.name for file in folder.iterdir()] == ["5.eml"]


def test_a_folder_that_cannot_be_made_is_said_so_and_burns_nobody(config, make_mailing):
    config.outbox.parent.mkdir(parents=True)
    config.outbox.write_text("a file stands in the way")
    with pytest.raises(TransportDown, match="cannot be written to"):
        hand_over(outbox.open_transport("outbox", config), make_mailing(), READERS)
    assert "cannot be made" in outbox.check("outbox", config)


def test_check_finds_nothing_wrong_with_a_folder_that_can_be_made(config):
    assert outbox.check("outbox", config) == ""
