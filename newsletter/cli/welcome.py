"""What `newsletter run` says once it is up: what this start has done, and where to look."""

from __future__ import annotations

import shutil
import sys
import time
from datetime import datetime
from pathlib import Path

from django.db.models import Q

from newsletter import publication
from newsletter.cli.console import counted, done, out, problem
from newsletter.cli.facts import subject_of
from newsletter.config import Config
from newsletter.models import Issue, Message
from newsletter.pipeline import Context


def tell(ctx: Context, began: datetime) -> None:
    """Say what this start has done, and where to look."""
    _wait_for_sending(ctx)
    issues = Issue.objects.select_related("edition").order_by("pk")
    for issue in issues.filter(created_at__gte=began):
        title = f" “{subject_of(issue)}”" if issue.edition else ""
        done(f"compose  {issue}: {counted(issue.items.count(), 'post')}{title}")
        if issue.reason:
            problem(f"         {issue.reason}")
    for issue in issues.filter(started_at__gte=began):
        counts = [f"{count} {state}" for state, count in Message.counts(issue).items()]
        done(f"send     {issue}: {', '.join([*counts, issue.get_status_display().lower()])}")
    if not issues.filter(Q(created_at__gte=began) | Q(started_at__gte=began)).exists():
        done(f"nothing new to compose or send; {_standing()}")
    where_to_look(ctx.config, publication.first_user())


def where_to_look(config: Config, password: str | None) -> None:
    """Name the addresses, and how to sign in; the password is that of a user who was made just now."""
    site = config.site.url
    out.print(f"\n{config.site.name} is running. Ctrl-C stops it.\n", markup=False)
    out.print(f"  the archive   {site}/", markup=False)
    out.print(f"  the desk      {site}/desk/", markup=False)
    if any("outbox" in config.kinds_of(name) for name in config.newsletters):
        out.print(f"  the outbox    {site}/desk/outbox/", markup=False)
    renewal = f"{program()} staff NAME"
    if password:
        out.print(f"\n  sign in as    {publication.FIRST_USER}", markup=False)
        out.print(f"  password      {password}   (shown this once; `{renewal}` makes a new one)", markup=False)
    else:
        out.print(f"\n  sign in at    {site}/desk/   (a new password: {renewal})", markup=False)
    out.print()


def program() -> str:
    """This program as it was called: `newsletter`, or the path to it where the shell would not find it by that name."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m newsletter"
    found = shutil.which("newsletter")
    if called.name != "newsletter" or (found and Path(found).absolute() == called.absolute()):
        return "newsletter"
    return sys.argv[0]


def _standing() -> str:
    """Where the latest issue stands, in a few words."""
    latest = Issue.objects.order_by("pk").last()
    return (
        f"the latest issue, {latest}, is {latest.get_status_display().lower()}" if latest else "there are no issues yet"
    )


def _wait_for_sending(ctx: Context) -> None:
    """Give small lists the moment they need; a large one is followed on its report page."""
    until = time.monotonic() + 15
    busy = Issue.objects.filter(status=Issue.Status.SENDING)
    while (
        (busy.exists() or Issue.to_start(ctx.clock()).exists()) and time.monotonic() < until and not ctx.stop.wait(0.2)
    ):
        pass
