"""The part of config.yaml that is about days on which nobody reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from newsletter.config.problems import nearest
from newsletter.config.section import Section
from newsletter.config.values import Line


class Holidays(Section):
    """The days on which nobody reads, and what becomes of an issue that would be due on one."""

    country: str | None = Field(None, description="whose public holidays these are: `DE`, `GB`, `US` …")
    subdivision: str | None = Field(None, description="the state or region whose holidays count too: `BE` for Berlin")
    then: Literal["tell", "skip", "move_before", "move_after"] = Field(
        "tell",
        description="`tell` shows them in the calendar and changes nothing; the others leave the issue out, "
        "or make it due on the nearest day before or after that is none",
    )
    dates: dict[date, Line] = Field(
        {}, description="days of your own and what they are called: `2026-12-24: Christmas Eve`"
    )

    @field_validator("country", "subdivision")
    @classmethod
    def _capitals(cls, value: str | None) -> str | None:
        return value.strip().upper() if value and len(value.strip()) <= 3 else value

    @model_validator(mode="after")
    def _known(self) -> Holidays:
        if self.country is None:
            if self.subdivision is not None:
                raise ValueError("a subdivision needs its `country`")
            return self
        # Only who names a country pays for the tables of one; those of all are asked for where it is not among them.
        from holidays import country_holidays, list_supported_countries

        try:
            country_holidays(self.country, subdiv=self.subdivision)
        except NotImplementedError:
            raise ValueError(_unknown(self.country, self.subdivision, list_supported_countries())) from None
        return self


def _unknown(country: str, subdivision: str | None, known: Mapping[str, Sequence[str]]) -> str:
    """What is wrong about a country or subdivision that has no holidays."""
    if subdivision is None or country not in known:
        return f"nothing is known of the holidays of '{country}'; write ISO 3166 codes such as DE"
    hint = nearest(subdivision, list(known[country])) or f"there are: {', '.join(known[country]) or 'none'}"
    return f"{country} has no subdivision '{subdivision}'; {hint}"
