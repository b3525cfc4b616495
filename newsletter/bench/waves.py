"""Issues of which a part is held, tortured: at readers' own hours, and with variants of which one wins on the way.

Beside what everybody is asked, nobody may get it before the hour, and each must get the subject that is theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from newsletter.bench.postgres import Postgres
from newsletter.bench.stage import Stage

if TYPE_CHECKING:
    from newsletter.bench.torture import Plan

WAVES = 8
LETTERS, SHARE, WINNER = "ab", 40, "b"
Known = dict[str, Any]
"""What was settled of each message before anything was sent, by its number."""


def at_hours(stage: Stage, plan: Plan) -> Known:
    """Let the people have eight hours, a few seconds after each other, so that these pass while it is being sent."""
    stage.publication.step("prepare")
    apart = stage.people / (plan.rate or 1000) / WAVES
    return dict(stage.publication.step("begin_at_hours", WAVES, apart)["hours"])


def none_early(stage: Stage, known: Known) -> str:
    """Whether anybody got it before their hour."""
    early = [number for number, at, _ in stage.log.told() if at < known.get(number, 0)]
    return f"{len(early)} came before their hour: {', '.join(early[:5])}" if early else ""


def with_variants(stage: Stage, plan: Plan) -> Known:
    """Let some people have one variant, some the other, and the rest wait for the winner."""
    stage.publication.step("prepare")
    return dict(stage.publication.step("begin_with_variants", LETTERS, SHARE)["letters"])


def kill_and_decide(stage: Stage, server: Postgres | None, times: int) -> None:
    """Kill while the variants go out; decide; and kill while the rest goes out."""
    early = times // 2
    for _ in stage.moments(early, 0.9 * SHARE / 100):
        stage.kill_one()
    stage.wait_for(int(stage.people * SHARE / 100 * 0.9))
    stage.publication.step("decide", WINNER)
    for _ in stage.moments(times - early, since=SHARE / 100 + 0.05):
        stage.kill_one()


def none_mixed_up(stage: Stage, known: Known) -> str:
    """Whether anybody got another subject than theirs."""
    wrong = [
        number for number, _, subject in stage.log.told() if subject != f"Variant {known.get(number) or WINNER}"
    ]  # fmt: skip
    return f"{len(wrong)} got another variant than theirs: {', '.join(wrong[:5])}" if wrong else ""


Before = Callable[[Stage, "Plan"], Known]
After = Callable[[Stage, Known], str]
