"""The line in the inbox."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof
from newsletter.render.words import graphemes

_WHERE = "the subject"


def length(proof: Proof) -> Iterator[Finding]:
    """A subject that most programs cut."""
    count, most = len(graphemes(proof.subject)), proof.config.compose.preflight.subject_longest
    if count > most:
        yield Finding("subject-length", f"it has {count} characters, {count - most} more than {most}",
                      "put what matters into the first 40: phones show no more", _WHERE)  # fmt: skip


def loud(proof: Proof) -> Iterator[Finding]:
    """A subject that shouts."""
    letters = [one for one in proof.subject if one.isalpha() and one.lower() != one.upper()]
    capitals = sum(one.isupper() for one in letters)
    if len(letters) >= 10 and capitals > 0.6 * len(letters):
        yield Finding("subject-capitals", f"{capitals} of its {len(letters)} letters are capitals",
                      "write it as a sentence", _WHERE, about="capitals")  # fmt: skip
    if re.search(r"[!¡！]\s*[!！]", proof.subject) or len(re.findall(r"[!！]", proof.subject)) > 2:
        yield Finding("subject-capitals", "it has several exclamation marks", "one is enough, none is better",
                      _WHERE, about="marks")  # fmt: skip


def preheader(proof: Proof) -> Iterator[Finding]:
    """No line after the subject."""
    if not proof.preheader.strip():
        yield Finding("preheader-empty", "there is none", "say in a line what else is inside", "the preheader")
