"""The `newsletter` command. Each command's code is loaded when it is called, so that help needs no configuration."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import tempfile
from collections.abc import Sequence

import click

from newsletter.cli.options import config_option
from newsletter.paths import TEMPLATES

# In pipeline order, as everywhere: where each command lives, and its line in the help.
COMMANDS = {
    "init": ("skeleton", "Make a new publication folder."),
    "check": ("checking", "Look over configuration, database, sources, templates and transports."),
    "migrate": ("publication", "Bring the database up to date, and make the lists that config.yaml names."),
    "staff": ("publication", "Give a member of staff a new password, or make a new member."),
    "collect": ("stages", "Bring in what the sources have published."),
    "sources": ("stages", "Show the sources and how their last visits went."),
    "posts": ("posts", "Show the collected posts."),
    "triage": ("posts", "Star or reject posts for a newsletter."),
    "compose": ("stages", "Draw up a newsletter's next issue."),
    "calendar": ("calendar", "Show what is due."),
    "skip": ("calendar", "Leave a date out: no issue is made of it, and its posts go to the next one."),
    "move": ("calendar", "Let what is due on a date be due at another moment."),
    "issues": ("issues", "Show the issues."),
    "preview": ("previewing", "Show an issue as a reader would get it."),
    "preflight": ("preflighting", "Look an issue over before it is approved: words, links, sender, audience."),
    "trial": ("trying", "Make, change, show or decide the A/B test of an issue."),
    "approve": ("issues", "Approve an issue: what it says now is what is sent."),
    "refuse": ("issues", "Send an issue in review back to who makes it."),
    "hand-in": ("issues", "Put a draft that was sent back into review again."),
    "schedule": ("issues", "Schedule an approved issue."),
    "send": ("sending", "Send an approved issue now, or a test of any issue."),
    "unschedule": ("issues", "Take an issue off the schedule."),
    "pause": ("issues", "Stop sending an issue for the time being."),
    "resume": ("issues", "Go on sending a paused issue, or that part of it for which a transport has stopped."),
    "cancel": ("issues", "Give an issue up."),
    "retry": ("repairing", "Send again what failed of an issue."),
    "settle": ("repairing", "Say what became of messages whose answer was lost."),
    "report": ("reporting", "Show what came back of an issue."),
    "track": ("tracking", "Look after what came back."),
    "lists": ("audience", "Show the lists and how many people are on them."),
    "segments": ("segments", "Show the segments and how many people they mean."),
    "subscribers": ("audience", "Import, export and look up people."),
    "suppressions": ("suppressions", "Show, add and lift addresses that must not be written to."),
    "bench": ("bench", "Measure how fast it is on this machine."),
    "run": ("processes", "Web, clock and workers, on this machine."),
    "web": ("processes", "The web server alone."),
    "clock": ("processes", "The clock alone."),
    "worker": ("processes", "A worker alone (PostgreSQL)."),
}


class Commands(click.Group):
    """Finds a command by name, and reads the configuration only once one is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in pipeline order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Load the module that holds a command."""
        if name not in COMMANDS:
            return None
        # Modules are there to stay: to look through them for garbage again and again while there are ever more of them
        # takes a tenth of the start, and once they are set apart no later look touches them either.
        gc.disable()
        module = importlib.import_module(f"newsletter.cli.{COMMANDS[name][0]}")
        gc.freeze()
        gc.enable()
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="newsletter")
@config_option
def newsletter() -> None:
    """Publish newsletters: collect, compose, render, send, track."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exit 0 when done, 1 for a problem stated in one line with a hint, 2 for wrong usage."""
    from newsletter.cli.console import expected, problem, sentences

    given = list(sys.argv[1:] if arguments is None else arguments)
    if path := _config_option(given):
        os.environ["NEWSLETTER_CONFIG"] = path
    if {"-h", "--help"} & set(given):
        _configure_nothing()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsletter.settings")
    try:
        newsletter(given, prog_name="newsletter")
    except expected() as error:
        for sentence in sentences(error):
            problem(sentence)
        sys.exit(1)


def _config_option(arguments: Sequence[str]) -> str | None:
    """The value of --config, wherever it stands: it must be known before a command's module is loaded."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--config="):
            return argument.removeprefix("--config=")
        if argument == "--config" and index + 1 < len(arguments):
            return arguments[index + 1]
    return None


def _configure_nothing() -> None:
    """Put a configuration in place that is always there: help is wanted most where there is none, or a broken one."""
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        del os.environ[name]
    os.environ["NEWSLETTER_CONFIG"] = str(TEMPLATES / "init" / "config.yaml")
    # With a key given and a folder that exists, nothing is written anywhere.
    os.environ["NEWSLETTER_SITE__SECRET_KEY"] = "help signs nothing"  # noqa: S105 - and guards nothing
    os.environ["NEWSLETTER_SITE__VAR"] = tempfile.gettempdir()
