"""The one Procrastinate task: carry out a job of the pipeline. Django imports this on PostgreSQL only."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app

from newsletter.engine import run_here
from newsletter.pipeline import JOBS


@app.task(name="newsletter.run_job", pass_context=True)
def run_job(context: JobContext, job: str) -> None:
    """Carry out the job of this name with the context the worker was started with."""
    run_here(context.additional_context["ctx"], next(known for known in JOBS if known.name == job))
