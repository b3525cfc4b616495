"""Rules in words: “on Atlas readers, and city is Berlin or Bonn, and opened something in the last 30 days”."""

from __future__ import annotations

from subscribers.segments.binding import bind
from subscribers.segments.rules import Broken
from subscribers.segments.vocabulary import Asked, Tree


def describe(rules: object, name: str = "") -> str:
    """The people whom the rules mean; of rules that cannot be followed, what is wrong with them."""
    try:
        tree = bind(rules, name)
    except Broken as broken:
        return f"nobody: {broken}"
    return _root(tree)


def _root(tree: Tree) -> str:
    if isinstance(tree, Asked) or tree.join == "not":
        return _said(tree)
    return f", {_WORDS[tree.join]} ".join(map(_said, tree.parts))


_WORDS = {"all": "and", "any": "or"}


def _said(tree: Tree) -> str:
    if isinstance(tree, Asked):
        value = tree.question.value.said(tree.value) if tree.question.value else ""
        return tree.question.words.format(of=tree.of, value=value)
    if tree.join == "not":
        return _not(tree.parts[0])
    inner = f" {_WORDS[tree.join]} ".join(map(_said, tree.parts))
    return f"({inner})" if len(tree.parts) > 1 else inner


def _not(tree: Tree) -> str:
    if isinstance(tree, Asked) or tree.join != "any" or len(tree.parts) == 1:
        return f"not {_said(tree)}" if not isinstance(tree, Asked) and len(tree.parts) > 1 else f"not ({_said(tree)})"
    return f"none of ({'; '.join(map(_said, tree.parts))})"
