"""Two visits at the same time, from two processes' worth of connections."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection

from newsletter.collect import Visit, collect
from newsletter.config import Config
from newsletter.models import Post, Sighting, Source
from tests.collect.conftest import Web, item, rss

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_once() -> Callable[..., list[Visit]]:
    """Collect in as many threads as there are configurations; give all their visits."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("a database in memory is one connection's own")

    def run(now: datetime, *configs: Config) -> list[Visit]:
        visits: list[Visit] = []
        start = threading.Barrier(len(configs))

        def work(config: Config) -> None:
            start.wait()
            try:
                visits.extend(collect(config, now))
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(config,)) for config in configs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return visits

    return run


def test_a_source_visited_twice_at_once_brings_its_posts_once(
    web: Web, publication: Callable[..., Config], now: datetime, at_once: Callable[..., list[Visit]]
) -> None:
    config = publication({"blog": web.serve("/feed", rss(*map(item, range(30))))})

    visits = at_once(now, *[config] * 4)

    assert [visit.error for visit in visits] == [""] * 4
    assert sum(visit.added for visit in visits) == 30
    assert (Post.objects.count(), Sighting.objects.count(), Source.objects.count()) == (30, 30, 1)


def test_two_sources_with_the_same_stories_at_once_make_each_once(
    web: Web, publication: Callable[..., Config], now: datetime, at_once: Callable[..., list[Visit]]
) -> None:
    there = publication({"a": web.serve("/a", rss(*map(item, range(30))))})
    back = publication({"b": web.serve("/b", rss(*map(item, reversed(range(30)))))})

    visits = at_once(now, there, back)

    assert [visit.error for visit in visits] == ["", ""]
    assert (Post.objects.count(), Sighting.objects.count()) == (30, 60)
