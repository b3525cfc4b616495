"""The proof: an issue as the mail it would be, for checks to read; drawn once, asked many questions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from newsletter import holes, render
from newsletter.config import Config, Newsletter
from newsletter.models import Edition, Issue, Item, Trial
from newsletter.models.edition import digest_of
from newsletter.models.trial import FIRST
from newsletter.preflight.page import Anchor, Page, Picture, addresses_in
from newsletter.preflight.places import is_private
from newsletter.render.headers import for_nobody
from newsletter.render.pages import settings_of

LETTERS = ("opening", "closing")
PARTS = ("subject", "preheader", "html", "text")
FRAME = "the frame of the mail"
_TAGS = re.compile(r"\{\{.{0,300}?\}\}|\{%.{0,300}?%\}", re.DOTALL)


@dataclass(frozen=True)
class Proof:
    """What is looked at. `html` and `text` hold every side of every condition, and their holes still.

    `raw` has subject, html and text as they are sent, conditions and all; `digest` names the content, and changes with
    any letter of it. `variants` are proofs of the other variants of its A/B test, each with its letter.
    """

    issue: Issue
    config: Config
    letter: Newsletter
    items: tuple[Item, ...]
    raw: dict[str, str]
    late: list[Any]
    marker: str
    digest: str
    now: datetime
    trial: Trial | None = None
    variants: tuple[tuple[str, Proof], ...] = ()
    memo: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What one check has found out, and another wants to know too."""

    @cached_property
    def subject(self) -> str:
        """The subject as it reads for nobody in particular."""
        return for_nobody(self.raw["subject"], self.marker, self.late)

    @cached_property
    def preheader(self) -> str:
        """The preheader likewise."""
        return for_nobody(self.raw["preheader"], self.marker, self.late)

    @cached_property
    def html(self) -> str:
        """The HTML with both sides of its conditions."""
        return self._unswitched(self.raw["html"])

    @cached_property
    def text(self) -> str:
        """The plain text likewise."""
        return self._unswitched(self.raw["text"])

    @cached_property
    def page(self) -> Page:
        """The HTML as a tree."""
        return Page(self.html)

    @cached_property
    def anchors(self) -> list[Anchor]:
        """The links of the mail, and those of our own stories, which the mail may tell in short."""
        return list(dict.fromkeys([*self.page.anchors, *(one for page in self._told for one in page.anchors)]))

    @cached_property
    def pictures(self) -> list[Picture]:
        """The images likewise."""
        return list(dict.fromkeys([*self.page.pictures, *(one for page in self._told for one in page.pictures)]))

    @cached_property
    def _told(self) -> list[Page]:
        """What stands on the pages that we publish with the issue, without what it says to each reader."""
        own = [item.html for item in self.items if not item.url]
        return [Page(_TAGS.sub("", html)) for html in own if html]

    @cached_property
    def at_home(self) -> bool:
        """Whether our own site lies at a private place, as while somebody tries things out."""
        return is_private(self.config.site.url)

    def place_of(self, url: str) -> tuple[str, int | None]:
        """In which part of the issue an address stands, and the item's number if it is one."""
        return self._places.get(url, (FRAME, None))

    @cached_property
    def _places(self) -> dict[str, tuple[str, int | None]]:
        found: dict[str, tuple[str, int | None]] = {}
        for name in LETTERS:
            for url in re.findall(r"https?://[^\s<>()\"'\]]+", getattr(self.issue, name)):
                found.setdefault(url, (f"the {name}", None))
        for item in self.items:
            for url in filter(None, (item.url, item.image_url, item.image_dark, *addresses_in(item.html))):
                found.setdefault(url, (place(item), item.pk))
        return found

    @cached_property
    def own_words(self) -> list[tuple[str, int | None, str]]:
        """What the editors themselves have written: where, of which item, and the words."""
        # What patterns make of stories is the stories' matter.
        lines = (("subject", self.subject), ("preheader", self.preheader))
        found: list[tuple[str, int | None, str]] = [
            (f"the {name}", None, words) for name, words in lines if getattr(self.issue, name).strip()
        ]
        found += [(f"the {name}", None, getattr(self.issue, name)) for name in LETTERS]
        found += [(f"the note on {place(item)}", item.pk, item.note) for item in self.items]
        return [one for one in found if one[2].strip()]

    def is_ours(self, url: str) -> bool:
        """Whether an address is one of our own pages, or is made for each reader."""
        return self.marker in url or f"{url}/".startswith(f"{self.config.site.url}/")

    def _unswitched(self, text: str) -> str:
        return re.sub(rf"{re.escape(self.marker)}-{holes.SWITCH}-o", "", text)


def place(item: Item) -> str:
    """What a story is called in a finding."""
    title = item.title if len(item.title) <= 60 else f"{item.title[:59].rstrip()}…"
    return f"“{title}”"


def pull(issue: Issue, config: Config, key: str, now: datetime) -> Proof:
    """The proof of an issue as it stands, or as it was approved. Raises RenderError."""
    items = tuple(issue.items.select_related("post__source").order_by("position", "pk"))
    letter = settings_of(config, issue.newsletter)
    # While it waits for approval, what may be left of an earlier one is not what will be sent.
    if issue.edition is not None and issue.status not in Issue.FROM[Issue.Status.APPROVED]:
        return _approved(issue, issue.edition, config, letter, items, now)
    proof, trial = _drawn(issue, config, key, items, now), Trial.of(issue)
    if trial is None:
        return proof
    render.insist_on_polls(issue, config, key, trial)
    found = tuple((one.letter, _drawn(issue, config, key, items, now, trial, one.letter)) for one in trial.others)
    digest = digest_of(proof.digest, json.dumps(trial.state(), sort_keys=True), *(one.digest for _, one in found))
    return replace(proof, digest=digest, trial=trial, variants=found)


def _drawn(
    issue: Issue, config: Config, key: str, items: tuple[Item, ...], now: datetime, trial: Trial | None = None,
    variant: str = FIRST,
) -> Proof:  # fmt: skip
    """One variant as it would be drawn now."""
    mail = render.preview(issue, config, key, trial, variant)
    raw = {name: getattr(mail, name) for name in PARTS}
    # Stories that the mail tells in short have their whole text on a page of ours, which is looked at too.
    told = [f"{item.pk} {item.title}\n{item.html}" for item in items]
    digest = digest_of(*raw.values(), json.dumps(mail.late), *told)
    letter = settings_of(config, issue.newsletter)
    shown = trial.worn(variant) if trial and variant != FIRST else issue
    return Proof(shown, config, letter, items, raw, mail.late, mail.marker, digest, now)


def _approved(
    issue: Issue, edition: Edition, config: Config, letter: Newsletter, items: tuple[Item, ...], now: datetime
) -> Proof:
    trial = Trial.of(issue)
    # After an A/B test the issue's edition is the winner's, which may be another than that of the issue as it stood.
    edition = (Edition.of(issue, FIRST) if FIRST in issue.variants else None) or edition
    kept = issue.preflights.filter(edition=edition).values_list("digest", flat=True).first()
    found = tuple(
        (one, _bound(trial.worn(one), bound, config, letter, items, now))
        for one in (sorted(issue.variants) if trial else ())
        if trial and one != FIRST and (bound := Edition.of(issue, one))
    )
    proof = _bound(issue, edition, config, letter, items, now)
    return replace(proof, digest=kept or edition.digest, trial=trial, variants=found)


def _bound(
    issue: Issue, edition: Edition, config: Config, letter: Newsletter, items: tuple[Item, ...], now: datetime
) -> Proof:
    """One variant as it was approved."""
    raw = {name: getattr(edition, name) for name in ("subject", "preheader", "text")}
    raw |= {"html": render.untracked(edition)}
    return Proof(issue, config, letter, items, raw, edition.late, edition.marker, edition.digest, now)
