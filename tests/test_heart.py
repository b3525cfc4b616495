"""A process tells which jobs it ran: all at once, seldom, and without harm where nobody can be told."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from newsletter import engine
from newsletter.heart import Heart
from newsletter.models import Beat
from newsletter.pipeline import Context, Job
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_the_first_run_is_told_at_once_and_the_next_ones_later():
    heart = Heart()
    heart.beat("send", NOW, 1.0)
    heart.beat("collect", NOW, 2.0)
    assert [one.job for one in Beat.objects.all()] == ["send"]
    Heart().beat("collect", NOW, 3.0, "broken")
    assert [(one.job, one.fault) for one in Beat.objects.all()] == [("collect", "broken"), ("send", "")]
    assert Beat.last() == NOW


def test_a_database_that_is_away_stops_no_job():
    def gone(*_):
        raise OperationalError("gone")

    with connection.execute_wrapper(gone):
        Heart().beat("send", NOW, 1.0)


@pytest.mark.parametrize(("fault", "told"), [(None, ""), (RuntimeError("odd"), "RuntimeError")], ids=["well", "broken"])
def test_the_engine_tells_of_every_run(make_config, fault, told):
    runs = []

    def work(ctx):
        if fault:
            raise fault

    ctx = Context(make_config(), "key", clock=lambda: NOW, beat=lambda *run: runs.append(run))
    engine.run_here(ctx, Job("work", work, every=lambda config: timedelta(seconds=1)))
    ((job, at, seconds, said),) = runs
    assert (job, at, said) == ("work", NOW, told)
    assert seconds >= 0
