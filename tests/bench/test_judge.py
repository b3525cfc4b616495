"""The judge of a torture: everybody who was wronged is named."""

from newsletter.bench.judge import Log, Uncertain, judge


def row(number, state, reason=""):
    return number, state, reason, f"reader{number}@example.org"


def arrived(tmp_path, *numbers):
    file = tmp_path / "log"
    file.write_text("".join(f"<{number}.weekly.x@example.org>\treader@example.org\n" for number in numbers))
    return Log(file)


def test_who_is_said_to_have_got_it_and_has_not_is_lost_and_so_is_who_waits_for_ever(tmp_path):
    found = judge([row(1, "submitted"), row(2, "submitted"), row(3, "pending")], arrived(tmp_path, 1).arrived())
    assert (found.people, found.arrived) == (3, 1)
    assert [one.split()[0] for one in found.lost] == ["reader2@example.org", "reader3@example.org"]
    assert (found.twice, found.belied, found.uncertain) == ([], [], [])


def test_two_are_two_whatever_the_ledger_says(tmp_path):
    found = judge([row(1, "submitted"), row(2, "uncertain")], arrived(tmp_path, 1, 1, 2, 2, 2).arrived())
    assert found.twice == ["reader1@example.org (2 times)", "reader2@example.org (3 times)"]


def test_the_uncertain_are_named_with_whether_they_had_it(tmp_path):
    found = judge([row(1, "uncertain", "gone"), row(2, "uncertain", "gone")], arrived(tmp_path, 2).arrived())
    assert found.uncertain == [
        Uncertain("reader1@example.org", "gone", False), Uncertain("reader2@example.org", "gone", True)
    ]  # fmt: skip
    assert found.arrived_of_uncertain == 1
    assert found.lost == []


def test_what_arrived_though_the_ledger_denies_it_is_told(tmp_path):
    found = judge([row(1, "failed", "550 no")], arrived(tmp_path, 1, 9).arrived())
    assert found.belied == [
        "reader1@example.org (failed 550 no, and arrived)",
        "message 9, which the ledger does not know",
    ]


def test_who_is_refused_is_not_lost_if_the_ledger_says_so(tmp_path):
    ledger = [row(1, "bounced", "550 5.1.1"), row(2, "submitted"), row(3, "pending")]
    found = judge(ledger, arrived(tmp_path).arrived(), lambda address: True)
    assert found.refused == 1
    assert [one.split()[0] for one in found.lost] == ["reader2@example.org", "reader3@example.org"]


def test_a_log_that_grows_is_counted_as_it_does(tmp_path):
    log = arrived(tmp_path, 1, 2)
    assert log.count() == 2
    with log.file.open("a") as handle:
        handle.write("<3.weekly.x@example.org>\ta@example.org\n")
    assert log.count() == 3
