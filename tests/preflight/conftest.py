"""Proofs of issues: what checks look at, made of rows and drawn by the real theme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from newsletter.preflight import Finding, Proof, pull
from tests.factories import NOW, make_issue, make_item, make_post, make_source

KEY = "a key for tests"
PUBLIC = {"site": {"url": "https://newsletter.iana.org"}}
"""A site that everybody reaches; nothing in these tests asks it anything."""
MARKER = "h0123456789abcdef0123"


def own(**fields: Any) -> Any:
    """A post of a folder of ours, published by us alone."""
    return make_post(**{"source": make_source("own", kind="folder"), "url": "", **fields})


@pytest.fixture
def make_proof(make_config) -> Callable[..., Proof]:
    """The proof of an issue of these posts, or of a plain one; `changes` are laid over the configuration."""

    def make(*posts: Any, changes: dict[str, Any] | None = None, **issue: Any) -> Proof:
        row = make_issue(**issue)
        for post in posts or (make_post(),):
            make_item(row, post)
        return pull(row, make_config(**(changes or {})), KEY, NOW)

    return make


@pytest.fixture
def mail(make_proof) -> Callable[..., Proof]:
    """A proof whose HTML, or plain text, is written by the test."""

    def make(html: str = "", **changes: Any) -> Proof:
        text = changes.pop("text", "")
        proof = make_proof(changes=changes or PUBLIC)
        page = f"<html><head>{changes.pop('head', '')}</head><body>{html}</body></html>"
        return replace(proof, raw={**proof.raw, "html": page, "text": text})

    return make


def codes(found: Any) -> list[str]:
    return [one.code for one in found]


def said(found: Any) -> list[tuple[str, str]]:
    """Where each finding is, and what about."""
    return [(one.where, one.about) for one in found]


def only(found: Any) -> Finding:
    (one,) = list(found)
    return one
