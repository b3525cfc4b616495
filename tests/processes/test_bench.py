"""The benchmarks: they measure what they say, on a database that is gone afterwards."""

import json
import os
import subprocess
import sys

import psycopg
import pytest

# In one group: one of them looks whether a database was left, and another's might be at work.
pytestmark = [pytest.mark.first, pytest.mark.processes, pytest.mark.xdist_group("bench")]
SERVER = os.environ.get("NEWSLETTER_DATABASE__URL") or os.environ.get("TEST_POSTGRESQL", "")


def bench(name, *options):
    command = [sys.executable, "-m", "newsletter", "bench", name, "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ), timeout=900)
    return {one["name"]: one for one in json.loads(done.stdout)}, done.stderr


def measured(*options):
    return bench("audience", "--people", "10000", *options)


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


def test_sending_is_measured_end_to_end_beside_the_obvious_way(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    figures, _ = bench("send", "--people", "40", "--runs", "1", "--only", "near", "--only", "far")
    assert figures["the obvious way, one connection"]["value"] > 0
    assert figures["against the obvious way"]["target"] == "≥ 15"
    assert figures["through 40 ms, 16 connections"]["value"] > 0
    assert list(tmp_path.glob("newsletter-bench-*")) == []


@pytest.mark.skipif(not SERVER.startswith("postgres"), reason="there is no PostgreSQL")
def test_two_workers_are_measured_against_one():
    figures, _ = bench("send", "--people", "200", "--runs", "1", "--only", "workers", "--database", SERVER)
    found = figures["two workers against one, over the loopback"]
    assert (found["value"] > 0, found["target"]) == (True, "≥ 1.3")


def test_what_is_counted_is_compared_with_what_is_true_of_invented_readers(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    command = [sys.executable, "-m", "newsletter", "bench", "tracking-truth", "--json", "--people", "600"]
    done = subprocess.run(
        [*command, "--only", "usual", "--only", "drawn 1"],
        capture_output=True,
        text=True,
        env=dict(os.environ),
        timeout=900,
    )
    usual, drawn = json.loads(done.stdout)
    assert (usual["mix"], drawn["mix"], usual["people"]) == ("usual", "drawn 1", 600)
    for one in (usual, drawn):
        assert one["raw_clicks"] > 1.5 * one["true_clicks"] > 0
        assert abs(one["clicks"] - one["true_clicks"]) < abs(one["raw_clicks"] - one["true_clicks"]) / 5
        assert abs(one["opens"] - one["true_opens"]) < abs(one["raw_opens"] - one["true_opens"]) / 5
    assert list(tmp_path.glob("newsletter-bench-*")) == []


def test_links_are_measured_and_every_click_that_was_answered_is_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    figures, _ = bench("track", "--messages", "40000", "--runs", "1", "--seconds", "1")
    assert figures["redirects on one core, 40,000 messages"]["target"] == "≥ 5,000"
    assert figures["the obvious way: a view that writes a row"]["value"] > 0
    assert figures["at 2,500 a second: 99 in a hundred are answered within"]["value"] > 0
    (missing,) = (one for name, one in figures.items() if name.endswith("were answered, not in the database"))
    assert (missing["value"], figures["clicks that are there twice"]["value"]) == (0, 0)
    assert list(tmp_path.glob("newsletter-bench-*")) == []


def test_every_page_of_the_desk_is_opened_and_timed():
    figures, _ = bench("desk", "--people", "100", "--issues", "3", "--only", "/issue/")
    pages = [name for name in figures if name.startswith("/desk/issue/")]
    assert {"report/", "preview/", "edit/"} <= {"/".join(name.split("/")[4:]) for name in pages}
    assert all(figures[name]["target"] == "≤ 300" for name in pages)
    assert figures["pages over 300 ms"]["value"] == sum(not figures[name]["met"] for name in pages)
