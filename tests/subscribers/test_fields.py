"""Custom fields: what people write, as it is kept."""

import pytest

from subscribers.fields import Unfit, tidy, typed


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("text", "  two\n words ", "two words"),
        ("text", "12", "12"),
        ("text", " \t", None),
        ("number", "12", 12),
        ("number", "-3,5", -3.5),
        ("number", "1 234 567.25", 1234567.25),
        ("number", "007", 7),
        ("number", "", None),
        ("date", "2026-11-22", "2026-11-22"),
        ("date", "2026-1-2 10:00", "2026-01-02"),
        ("date", "2026-01-02T10:00:00Z", "2026-01-02"),
        ("date", "22.11.2026", "2026-11-22"),
        ("date", "22/11/2026", "2026-11-22"),
        ("date", "11/22/2026", "2026-11-22"),
        ("date", "3/3/2026", "2026-03-03"),
        ("yes_no", "Ja", True),
        ("yes_no", "0", False),
    ],
)
def test_values_are_kept_as_their_kind_says(kind, written, kept):
    found = typed(kind, written)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("kind", "written", "reason"),
    [
        ("number", "twelve", "“twelve” is not a number"),
        ("number", "1,234", "“1,234” could be a thousand or a fraction"),
        ("number", "1e400", "is not a number"),
        ("number", "nan", "is not a number"),
        ("number", "9" * 400, "is not a number"),
        ("date", "3/4/2026", "could be in March or in April"),
        ("date", "2026-02-30", "is not a day of the calendar"),
        ("date", "22/13/2026", "is not a day of the calendar"),
        ("date", "soon", "“soon” is not a date; write it as 2026-11-22"),
        ("yes_no", "perhaps", "“perhaps” is neither yes nor no"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_it_would_have_to_be(kind, written, reason):
    with pytest.raises(Unfit) as refused:
        typed(kind, written)
    assert reason in str(refused.value)


def test_yes_and_no_read_as_a_mail_can_ask_for_them():
    assert (tidy(True), tidy(False)) == ("yes", "")
