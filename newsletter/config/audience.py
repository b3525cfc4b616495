"""The part of config.yaml that is about people: how they subscribe, how files of them come in, when we stop writing."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from newsletter.config.section import Section
from newsletter.config.values import Line, Size, Span


class Subscribe(Section):
    """How people subscribe by themselves."""

    valid: Span = Field(
        timedelta(days=7), description="how long the button in the mail works; who never presses it is then forgotten"
    )
    consent: Line = Field(
        "",
        max_length=500,
        description="the sentence shown beside the button and kept with each sign-up; without one, a sentence of ours",
    )
    per_mailbox: int = Field(3, ge=1, description="mails asked for one address in an hour, whoever asks")
    per_address: int = Field(10, ge=1, description="sign-ups from one IP address in an hour")
    per_network: int = Field(20, ge=1, description="sign-ups from one network (/24, /64 of IPv6) in an hour")
    per_list: int = Field(
        500, ge=1, description="sign-ups for one list in an hour, from everywhere; more are an attack"
    )
    quickest: Span = Field(
        timedelta(seconds=2), description="who sends the form sooner after it was shown is a program, and gets no mail"
    )
    captcha: Literal["none", "altcha"] = Field(
        "none",
        description="`altcha`: browsers do a small calculation before the form is taken; needs https and a script",
    )
    effort: int = Field(
        50_000, ge=1000, le=1_000_000, description="how long that calculation is; 50,000 take a telephone a second"
    )
    open_api: bool = Field(
        False, description="let programs sign people up by `POST /api/v1/subscribe` even where there is no captcha"
    )


class Imports(Section):
    """How files of people come in."""

    max_bytes: Size = Field(500_000_000, description="a larger file is refused; of a zip, what is in it")
    keep: Span = Field(
        timedelta(days=30), description="how long the list of refused rows can be downloaded after an import"
    )


class Sunset(Section):
    """When we stop writing to people who show no sign of life."""

    issues: int | None = Field(
        None, ge=3, description="who was sent so many issues since their last sign of life is asked whether to go on; "
        "without a number nobody is, and 12 is a good one",
    )  # fmt: skip
    wait: Span = Field(
        timedelta(days=14), le=timedelta(days=60), description="how long we then wait for an answer before we stop"
    )
    share: int = Field(
        50, ge=1, le=100, description="if more per cent of the readers than this would be asked, nobody is asked or "
        "stopped, and the desk says so: something else must be wrong",
    )  # fmt: skip


class Audience(Section):
    """How people subscribe, how files of them come in, and when we stop writing."""

    subscribe: Subscribe = Field(Subscribe(), description="how people subscribe by themselves")
    goodbye: bool = Field(False, description="mail those who unsubscribe once more, with a way back")
    imports: Imports = Field(Imports(), description="how files of people come in")
    sunset: Sunset = Field(Sunset(), description="when we stop writing to people who show no sign of life")
