"""The benchmark of the audience: it measures what it says, on a database that is gone afterwards."""

import json
import os
import subprocess
import sys

import psycopg
import pytest

pytestmark = pytest.mark.processes
SERVER = os.environ.get("NEWSLETTER_DATABASE__URL") or os.environ.get("TEST_POSTGRESQL", "")


def measured(*options):
    command = [sys.executable, "-m", "newsletter", "bench", "audience", "--people", "10000", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ), timeout=900)
    return {one["name"]: one for one in json.loads(done.stdout)}, done.stderr


def look_over(figures):
    assert figures["import"]["value"] > 0
    assert figures["freeze"]["least"] <= figures["freeze"]["value"] <= figures["freeze"]["most"]
    assert figures["segment: on the list (10,000)"]["target"] == "≤ 1"
    assert {"search: nobody", "search: a domain"} < set(figures)


def test_it_measures_on_a_database_of_its_own_and_drops_it(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    figures, said = measured()
    look_over(figures)
    assert "importing 10,000 people" in said
    assert list(tmp_path.glob("newsletter-bench-*")) == []


@pytest.mark.skipif(not SERVER.startswith("postgres"), reason="there is no PostgreSQL")
def test_it_measures_on_postgresql_too():
    figures, _ = measured("--database", SERVER)
    look_over(figures)
    with psycopg.connect(SERVER) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'newsletter_bench%'").fetchall()
    assert left == []
