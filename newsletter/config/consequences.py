"""The parts of config.yaml that are about what follows from what comes back: suppression, and alarms for staff."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from newsletter.config.section import Section
from newsletter.config.values import Duration, Span


class SoftBounces(Section):
    """When an address is given up whose mails keep coming back for reasons that may pass."""

    score: float = Field(
        3, ge=1, le=100, description="each issue that came back counts for one, less as time goes by; so much is enough"
    )
    half_life: Span = Field(timedelta(days=60), description="after which one counts for half as much")
    over: Duration = Field(
        timedelta(days=7), description="how far the first and the last must lie apart: a mailbox may be full for days"
    )


class Alarms(Section):
    """When staff are written to about what came back of an issue; once for each issue and cause."""

    complaints: float = Field(0.1, ge=0.01, le=100, description="percent of the messages sent that were called spam")
    bounces: float = Field(2, ge=0.01, le=100, description="percent of the messages sent that bounced")
    least: int = Field(3, ge=1, description="complaints, bounces or clicks below which nothing is concluded")
    silence: Span = Field(
        timedelta(hours=6), description="how long nothing may come from a webhook after messages went that it tells of"
    )
