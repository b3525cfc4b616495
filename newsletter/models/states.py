"""What an editor has made of an issue, as plain values: taken down, compared in words, and put back."""

from __future__ import annotations

from typing import Any

from newsletter.models import trial
from newsletter.models.issue import Issue, Item
from newsletter.models.own_block import OwnBlock, Piece, arranged, keep_order, pieces
from newsletter.models.post import Post

LETTER = ("subject", "preheader", "opening", "closing")
PICTURE = ("image_url", "image_alt", "image_dark", "image_width", "image_height")
OF_PICTURE = {"image_dark", "image_width", "image_height"}
REWRITTEN = ("title", "summary", *PICTURE)
"""What an editor may say differently from the post, for one issue."""
PLACED = ("section", "section_emoji", "pinned")
State = dict[str, Any]
"""`letter`: each of LETTER by its name. `pieces`: each as `told` has it, in their order. `trial`: if there is one."""

_WORDS = {
    "note": "note", "title": "title", "summary": "summary", "image_url": "picture", "image_alt": "picture's words",
    "text": "words",
}  # fmt: skip


def state_of(issue: Issue) -> State:
    """The issue as it is stored now."""
    letter = Issue.objects.values(*LETTER).get(pk=issue.pk)
    tried = trial.state_of(issue)
    return {"letter": letter, "pieces": [told(one) for one in pieces(issue)], **({"trial": tried} if tried else {})}


def told(piece: Piece) -> State:
    """A piece as it is kept in a state; what an item only copies from its post, its text above all, is not in it."""
    place = {name: getattr(piece, name) for name in PLACED}
    if isinstance(piece, OwnBlock):
        return {"key": f"block {piece.key}", "text": piece.text, **place}
    said = {name: getattr(piece, name) for name in ("note", "own", *REWRITTEN)}
    return {"key": key_of_post(piece.post_id), **said, **place}


def key_of_post(number: int) -> str:
    """What an item is known by, whether it is in the issue or taken out: a post is in an issue once."""
    return f"post {number}"


def rewrite(item: Item, values: State) -> None:
    """Say these fields differently from the post in this issue; what is said as the post says it is no edit."""
    if "image_url" in values and values["image_url"] != item.image_url:
        values = {"image_dark": "", "image_width": 0, "image_height": 0, **values}
    kept = set(item.own.split())
    for name, value in values.items():
        setattr(item, name, value)
        if value == getattr(item.post, name):
            kept.discard(name)
        else:
            kept.add(name)
    # A picture's size and its dark twin are its own, also where they are as large as the post's.
    kept = kept | OF_PICTURE if "image_url" in kept else kept - OF_PICTURE
    item.own = " ".join(name for name in REWRITTEN if name in kept)
    item.save(update_fields=("own", *values))


def as_in_the_post(item: Item) -> None:
    """Say everything as the post says it now."""
    rewrite(item, {name: getattr(item.post, name) for name in REWRITTEN})


def made_anew(issue: Issue, kept: State) -> Piece | None:
    """A piece that was taken out, in the issue again; None if its post is gone. Its place is for the caller to say."""
    kind, _, key = kept["key"].partition(" ")
    if kind == "block":
        return OwnBlock(issue=issue, key=key, text=kept["text"], position=0)
    post = Post.objects.filter(pk=key).first()
    return Item.copy_of(post, issue=issue, position=0) if post else None


def put_on(piece: Piece, kept: State) -> None:
    """Make a piece say what it said then."""
    for name in PLACED:
        setattr(piece, name, kept[name])
    if isinstance(piece, OwnBlock):
        piece.text = kept["text"]
        piece.save()
        return
    then, now = kept["own"].split(), piece.own.split()
    for name in REWRITTEN:
        if name in then:
            setattr(piece, name, kept[name])
        elif name in now:
            setattr(piece, name, getattr(piece.post, name))
    piece.note, piece.own = kept["note"], kept["own"]
    piece.save(update_fields=None if piece.pk is None else ("note", "own", *REWRITTEN, *PLACED))


def restore(issue: Issue, state: State) -> tuple[list[Piece], list[str]]:
    """Make the issue what it was; return the pieces that are no part of it any more, and the titles that are gone.

    Whoever calls keeps what is no part of it any more, so that it can be put back.
    """
    Issue.objects.filter(pk=issue.pk).update(**state["letter"])
    trial.put(issue, state.get("trial"))
    have = {told(one)["key"]: one for one in pieces(issue)}
    order, gone = list[Piece](), list[str]()
    for kept in state["pieces"]:
        piece = have.pop(kept["key"], None) or made_anew(issue, kept)
        if piece is None:
            gone.append(kept["title"])
            continue
        put_on(piece, kept)
        order.append(piece)
    keep_order(arranged([*order, *have.values()]))
    return list(have.values()), gone


def changes(before: State, after: State) -> list[str]:
    """What is different, in words, one line a change."""
    names = [name for name in LETTER if before["letter"][name] != after["letter"][name]]
    lines = [f"{name} changed" for name in names] + trial.changes(before.get("trial"), after.get("trial"))
    old, new = ({one["key"]: one for one in state["pieces"]} for state in (before, after))
    lines += [f"{title_of(new[key])} added" for key in new if key not in old]
    lines += [f"{title_of(old[key])} taken out" for key in old if key not in new]
    for key in (key for key in new if key in old):
        lines += _changes_of(old[key], new[key])
    both = old.keys() & new.keys()
    was, now = ([one["key"] for one in state["pieces"] if one["key"] in both] for state in (before, after))
    if was != now and not any("moved to" in line for line in lines):
        lines.append(_moved(was, now, new))
    return lines


def _moved(before: list[str], after: list[str], new: dict[str, State]) -> str:
    """What was moved, if it is one thing: taking it out of both orders leaves them alike."""
    for key in after:
        if [one for one in before if one != key] == [one for one in after if one != key]:
            return f"{title_of(new[key])} moved"
    return "order changed"


def _changes_of(old: State, new: State) -> list[str]:
    said = [words for name, words in _WORDS.items() if old.get(name) != new.get(name)]
    lines = [f"{title_of(new)}: {', '.join(said)} changed"] if said else []
    if old["section"] != new["section"]:
        lines.append(f"{title_of(new)} moved to {new['section'] or 'no section'}")
    elif old["section_emoji"] != new["section_emoji"]:
        lines.append(f"{title_of(new)}: emoji of its section changed")
    if old["pinned"] != new["pinned"]:
        lines.append(f"{title_of(new)} {'pinned' if new['pinned'] else 'unpinned'}")
    return lines


def title_of(kept: State) -> str:
    """What a piece is called in a line of words."""
    text = " ".join(str(kept.get("title") or kept.get("text") or "").split())
    return f"“{text if len(text) <= 60 else text[:59].rstrip() + '…'}”"
