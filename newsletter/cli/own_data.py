"""`newsletter subscribers data` and `erase`: what a person may ask for by law."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, counted, done, out, problem, show_one
from newsletter.cli.options import facts_option
from newsletter.own_copy import copy_of, facts_of, file_name
from newsletter.own_data import REPLIES
from subscribers.erasing import erase, waiting_files
from subscribers.models import Consent, Occasion, Origin, Suppression
from subscribers.own_data import everything, holdings
from subscribers.traces import Person


@command(name="data")
@click.argument("email")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where the zip goes; only you may read it."
)
@facts_option
def data(email: str, output: Path | None, as_json: bool) -> None:
    """Give a copy of all that is kept of a person.

    A zip with a page to read and the same as JSON, for the person to have; that it was made is noted among their
    consents. With --json, the same is only printed, for you to look at.
    """
    ctx = context()
    person = _somebody(email)
    now = ctx.clock()
    if as_json:
        show_one(facts_of(person, now), True)
        return
    target = output or Path(file_name(now))
    _write(target, copy_of(person, ctx.config, now))
    done(f"{target} holds all that is kept of {person.email}")
    if person.number:
        Consent.note_all(
            Consent.Action.EXPORTED, Occasion(now, Origin.COMMAND, "a copy of their data"), [person.number]
        )


@command(name="erase")
@click.argument("email")
@click.option("--keep-replies", is_flag=True, help="Leave their published replies to other readers, without the name.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@facts_option
def erase_person(email: str, keep_replies: bool, yes: bool, as_json: bool) -> None:
    """Erase a person for good.

    What is about them is deleted; the figures of issues stay, and a fingerprint of the address keeps imports from
    bringing it back. Doing it again does nothing.
    """
    person = Person.at(email)
    held = holdings(person)
    if not held:
        _nothing_left(person, as_json)
        return
    if not yes:
        _ask(person, held)
    occasion = Occasion(context().clock(), Origin.COMMAND, "erased on the command line")
    found = erase(person, occasion, [REPLIES] if keep_replies else [])
    waiting = waiting_files()
    if as_json:
        show_one({"erased": found, "files_left_to_import": waiting}, True)
        return
    done(f"{person.email} is erased: {_listed(found)}")
    for file in waiting:
        problem(
            f"{file} still holds its rows; the address is passed over if it stands there. Cancel it to drop the file"
        )


def _somebody(email: str) -> Person:
    person = Person.at(email)
    if not any(everything(person).values()):
        raise Failure(f"nothing is kept of {email}")
    return person


def _nothing_left(person: Person, as_json: bool) -> None:
    """Say that it was done before; an address that was never here may be a typing mistake."""
    if not Suppression.objects.filter(hash=person.hash).exists():
        raise Failure(f"nothing is kept of {person.email} (is there a typing mistake in it?)")
    if as_json:
        show_one({"erased": {}, "files_left_to_import": waiting_files()}, True)
    else:
        done(f"{person.email} was erased before: nothing is left but the fingerprint")


def _ask(person: Person, held: dict[str, int]) -> None:
    if not sys.stdin.isatty():
        raise Failure("erasing cannot be undone: say --yes, for there is no terminal here to ask on")
    out.print(f"Of {person.email} there is: {_listed(held)}.", markup=False)
    if not click.confirm("Erase it for good?"):
        raise Failure("nothing was erased")


def _listed(held: dict[str, int]) -> str:
    return ", ".join(f"{title.replace('_', ' ')} ({counted(number, 'row')})" for title, number in held.items())


def _write(target: Path, content: bytes) -> None:
    """A new file that nobody else can read; one that is there is not written over."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Failure(f"{target} exists already; name another file with -o") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
