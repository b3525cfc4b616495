"""`newsletter posts` and `triage`: what was collected, and what editors make of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, counted, done, problem, show
from newsletter.cli.options import facts_option

from newsletter.models import Post, Standing, Triage  # isort: skip
from newsletter.models.inbox import PAGE, TABS, Filters, Inbox

WORDS = {Standing.STARRED: "starred", Standing.REJECTED: "rejected", Standing.OPEN: "undecided"}


@command()
@click.option("--last", default=30, show_default=True, type=click.IntRange(1), help="How many, newest first.")
@click.option("--newsletter", metavar="NEWSLETTER", help="Those in the inbox of this newsletter alone.")
@click.option(
    "--state", type=click.Choice(TABS), help="Of the inbox: what nobody has read, what is starred, in issues, rejected."
)
@facts_option
def posts(last: int, newsletter: str | None, state: str | None, as_json: bool) -> None:
    """Show the collected posts.

    With --newsletter, what editors have made of each, and the issues that hold it; the inbox at the desk has the same.
    """
    if state and not newsletter:
        raise Failure("--state is about the inbox of a newsletter; name it with --newsletter")
    if newsletter:
        rows = _of_inbox(_inbox(newsletter), state or "all", last)
    else:
        rows = [_facts(post) for post in Post.objects.select_related("source").defer("html")[:last]]
    empty = "No such posts." if newsletter else "No posts yet; `newsletter collect` brings them in."
    show(rows, as_json, empty)


@command()
@click.argument("newsletter")
@click.argument("numbers", metavar="POST...", nargs=-1, required=True, type=click.IntRange(1))
@click.option("--star", "standing", flag_value="starred", help="Wanted: where a section is full, before newer posts.")
@click.option("--reject", "standing", flag_value="rejected", help="It comes into no issue of this newsletter.")
@click.option("--clear", "standing", flag_value="", help="Neither: take back what was decided.")
@click.option("--reason", default="", help="Why, for the log.")
def triage(newsletter: str, numbers: tuple[int, ...], standing: str | None, reason: str) -> None:
    """Star or reject posts for a newsletter.

    POST is a number that `newsletter posts --newsletter NEWSLETTER` shows. What stands already stays as it is.
    """
    if standing is None:
        raise click.UsageError("Say what to do with them: --star, --reject or --clear.")
    inbox = _inbox(newsletter)
    known = set(inbox.posts.filter(pk__in=numbers).values_list("pk", flat=True))
    if missing := [number for number in numbers if number not in known]:
        raise Failure(
            f"{newsletter} has no post {missing[0]} (`newsletter posts --newsletter {newsletter}` lists them)"
        )
    stands = Triage.of(newsletter, numbers)
    seen = {number: stands[number].standing if number in stands else "" for number in numbers}
    told = Triage.decide(newsletter, seen, standing, context().clock(), reason=reason)
    word = WORDS[Standing(standing)]
    done(f"{newsletter}: {counted(len(told.changed), 'post')} {word}" if told.changed else f"they are {word} already")
    for row in told.others:
        problem(f"post {row.post_id} is left as it is: somebody has decided about it meanwhile")


def _inbox(name: str) -> Inbox:
    newsletters = context().config.newsletters
    if name not in newsletters:
        known = ", ".join(newsletters) or "none"
        raise Failure(f"config.yaml has no newsletter '{name}'; it has: {known}")
    return Inbox(name, newsletters[name].sources)


def _facts(post: Post) -> dict[str, Any]:
    return {
        "id": post.pk,
        "published": post.published_at,
        "source": post.source.name,
        "title": post.title,
        "tags": post.tags,
    }


def _of_inbox(inbox: Inbox, tab: str, last: int) -> list[dict[str, Any]]:
    """The first so many posts of a tab, with what stands about each."""
    found: list[Post] = []
    place = None
    while len(found) < last:
        shown = inbox.page(tab, Filters(), place)
        found += shown.posts
        place = shown.next
        if place is None:
            break
    return list(_standing(inbox, found[:last]))


def _standing(inbox: Inbox, found: list[Post]) -> Iterable[dict[str, Any]]:
    for start in range(0, len(found), PAGE):
        some = found[start : start + PAGE]
        numbers = [post.pk for post in some]
        stands, used = Triage.of(inbox.newsletter, numbers), inbox.used_by(numbers)
        for post in some:
            row = stands.get(post.pk)
            yield {
                **_facts(post),
                "standing": WORDS[Standing(row.standing)] if row else WORDS[Standing.OPEN],
                "by": row.by.get_username() if row and row.by else "",
                "reason": row.reason if row else "",
                "read": bool(row and row.read_at),
                "issues": [str(issue) for issue in used.get(post.pk, [])],
            }
