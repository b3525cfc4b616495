"""What is looked at without asking anybody else: each check is a function of the proof, and a line here.

To add one: a function in a file of this folder that yields findings, its codes in `newsletter/preflight/codes.py`, and
a line in CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
)


def look(proof: Proof, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """What all these checks have to say."""
    return [one for check in checks for one in check.look(proof)]
