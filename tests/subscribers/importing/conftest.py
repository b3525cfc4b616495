"""What the tests of importing share: a file's bytes go in, and what became of its rows comes out."""

from threading import Event

import pytest

from subscribers import importing
from subscribers.importing import Report
from subscribers.models import Import, Origin
from tests.factories import make_list


@pytest.fixture
def upload(tmp_path):
    """Take this text, or these bytes, as a file of people."""

    def go(content, name="people.csv", **how):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return importing.take(file, name, "ada", Origin.DESK, **how)

    return go


@pytest.fixture
def run(now):
    """Start an import and carry it on to its end, as the job does."""

    def go(job, stop=None, **wishes):
        for name, value in wishes.items():
            setattr(job, name, value)
        importing.start(job, now)
        importing.carry_on(stop or Event(), lambda: now)
        job.refresh_from_db()
        return Report.of(job)

    return go


@pytest.fixture
def load(upload, run):
    """Import this text, or these bytes, into `readers`; the report must add up."""

    def go(content, name="people.csv", limit=importing.LARGEST, **wishes):
        job = upload(content, name, limit=limit, kind=wishes.pop("kind", Import.Kind.PEOPLE))
        if job.kind == Import.Kind.PEOPLE:
            wishes.setdefault("list", make_list())
        report = run(job, **wishes)
        assert job.status == Import.Status.DONE, job.reason
        assert sum(report.outcomes.values()) == job.rows_done == job.rows_total
        return report

    return go


def told(report):
    """The outcomes that any row came to."""
    return {name: number for name, number in report.outcomes.items() if number}


def reasons(report):
    """The report of what was not taken: line, address, reason."""
    return [(one.line, one.text, one.reason) for one in report.refusals]
