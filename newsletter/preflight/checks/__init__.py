"""What is looked at without asking anybody else: each check is a function of the proof, and a line here.

To add one: a function in a file of this folder that yields findings, its codes in `newsletter/preflight/codes.py`, and
a line in CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from newsletter.preflight.checks import (
    addresses,
    audience,
    contrast,
    dates,
    emojis,
    fields,
    headings,
    images,
    law,
    links,
    placeholders,
    stories,
    styles,
    subject,
    trial,
    weight,
)
from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof


class Check(NamedTuple):
    """A question to the proof, and the codes that its answers may have."""

    look: Callable[[Proof], Iterator[Finding]]
    codes: tuple[str, ...]


CHECKS = (
    Check(addresses.relative, ("link-relative",)),
    Check(addresses.private, ("link-staging",)),
    Check(addresses.unencrypted, ("link-plain-http",)),
    Check(addresses.shortened, ("link-shortened",)),
    Check(addresses.site, ("site-plain-http",)),
    Check(links.empty_words, ("link-text",)),
    Check(links.silent, ("link-silent",)),
    Check(images.without_words, ("image-alt",)),
    Check(headings.order, ("heading-order",)),
    Check(contrast.light, ("contrast-light",)),
    Check(contrast.dark, ("contrast-dark",)),
    Check(styles.unsupported, ("css-support",)),
    Check(weight.weight, ("weight", "weight-clipped")),
    Check(placeholders.left_over, ("placeholder", "placeholder-perhaps")),
    Check(dates.wrong_year, ("year",)),
    Check(emojis.too_new, ("emoji-new",)),
    Check(subject.length, ("subject-length",)),
    Check(subject.loud, ("subject-capitals",)),
    Check(subject.preheader, ("preheader-empty",)),
    Check(law.postal_address, ("postal-address",)),
    Check(law.unsubscribe, ("unsubscribe",)),
    Check(fields.empty, ("field-empty", "field-default")),
    Check(audience.size, ("audience-empty", "audience-unknown", "audience-unusual", "audience-uncounted")),
    Check(audience.booked, ("double-booked",)),
    Check(stories.sections, ("section-short",)),
    Check(stories.again, ("story-again", "story-alike")),
    Check(trial.sound, ("trial",)),
    Check(trial.telling, ("trial-small",)),
)
OF_THE_ISSUE = (audience.size, stories.sections, stories.again, trial.sound, trial.telling)
"""What is the same for every variant of an A/B test."""


def look(proof: Proof, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """What all these checks have to say; of an A/B test's other variants, what they do not have in common with a."""
    asked = list(checks)
    found = [one for check in asked for one in check.look(proof)]
    common = set(found)
    for letter, variant in proof.variants:
        of_it = [one for check in asked if check.look not in OF_THE_ISSUE for one in check.look(variant)]
        found += [replace(one, where=_place(letter, one.where)) for one in of_it if one not in common]
    return found


def _place(letter: str, where: str) -> str:
    """Where something stands, of a variant."""
    return f"variant {letter.upper()}, {where}" if where else f"variant {letter.upper()}"
