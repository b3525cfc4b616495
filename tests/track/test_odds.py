"""How likely each variant is the best, against values that can be worked out otherwise."""

import pytest

from newsletter.track.report.odds import Counted, chances, interval, smallest_difference


def test_chances_of_nothing_are_even_and_add_up_to_one():
    assert chances({"a": Counted(0, 0), "b": Counted(0, 0)}) == pytest.approx({"a": 0.5, "b": 0.5})
    found = chances({letter: Counted(3, 40) for letter in "abcde"})
    assert found == pytest.approx(dict.fromkeys("abcde", 0.2), abs=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "known"),
    [
        # By Miller's sum of Beta functions (Formulas for Bayesian A/B Testing, equation 6).
        ((3, 10), (5, 10), 0.806502),
        ((300, 10_000), (350, 10_000), 0.976872),
        ((0, 10), (3, 10), 0.954887),
        ((1, 2), (9_000, 300_000), 0.002647),
    ],
)
def test_the_chance_to_be_better_is_that_of_the_exact_sum(one, other, known):
    found = chances({"a": Counted(*one), "b": Counted(*other)})
    assert found["b"] == pytest.approx(known, abs=2e-4)
    assert found["a"] + found["b"] == pytest.approx(1)


def test_the_order_of_the_variants_changes_nothing():
    counted = {"a": Counted(30, 1000), "b": Counted(40, 1000), "c": Counted(29, 900)}
    turned = chances(dict(reversed(counted.items())))
    assert chances(counted) == pytest.approx(turned)


def test_very_large_samples_and_ends_of_the_scale_do_not_break_it():
    assert chances({"a": Counted(0, 5_000_000), "b": Counted(4_999_999, 5_000_000)})["b"] == pytest.approx(1)
    assert chances({"a": Counted(0, 5), "b": Counted(5, 5)})["b"] > 0.99


def test_an_interval_holds_the_share_and_stays_within_the_scale():
    assert interval(Counted(0, 0)) is None
    assert interval(Counted(5, 100)) == pytest.approx((0.02154, 0.11175), abs=1e-5)
    assert interval(Counted(0, 20))[0] == 0
    assert interval(Counted(20, 20))[1] == 1


def test_more_people_show_smaller_differences():
    assert smallest_difference(0.03, 500) == pytest.approx(0.0302, abs=1e-4)
    assert smallest_difference(0.03, 50_000) < smallest_difference(0.03, 500)
    assert smallest_difference(0.03, 0) is None
