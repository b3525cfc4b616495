"""The part of config.yaml that is about the monthly summary."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from newsletter.config.section import Section
from newsletter.config.values import Span, TimeOfDay


class Summary(Section):
    """One issue a month of what was in that month's issues, for the readers who want no more than that."""

    at: TimeOfDay = Field(
        "08:00", description="when it is due on the first of the next month, in its newsletter's zone"
    )
    max: int = Field(12, ge=1, description="stories at most; the most clicked ones stay")
    late: Span = Field(
        timedelta(days=7), description="how long after it was due it is still made up for, if nothing was running then"
    )
    subject: str = Field(
        "{{ words.summary.subject | fill(newsletter=newsletter.title, month=issue.month) | led_by(newsletter.emoji) }}",
        min_length=1, description="pattern of the subject line (Jinja2)",
    )  # fmt: skip
    preheader: str = Field(
        "{{ items | map(attribute='title') | join(' · ') }}",
        description="pattern of the line that mail programs show after the subject (Jinja2)",
    )
