"""check, migrate, staff, init, worker: the publication as a whole."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from subscribers.models import List
from tests.factories import make_list


@pytest.fixture
def seeded(settings, config):
    """Give the newsletter's list a seed file."""
    letter = config.newsletters["weekly"]
    ref = letter.lists[0].model_copy(update={"seed": "readers.csv"})
    letter = letter.model_copy(update={"lists": (ref,)})
    settings.NEWSLETTER = config.model_copy(update={"newsletters": {"weekly": letter}})
    return settings.NEWSLETTER


@pytest.mark.django_db
def test_check_finds_nothing_wrong(call):
    result = call("check")
    assert result.out.startswith("✓ Test Times: 1 newsletter, 2 sources, ")
    assert (result.code, result.err) == (0, "")
    assert call("check", "--json").facts == []


@pytest.mark.django_db
def test_check_says_how_much_each_transport_may_send(call, settings, config):
    send = {"transport": "bulk", "failover": ["outbox"], "transports": {
        "bulk": {"kind": "outbox", "rate": "100 per second, 5000 a day", "warm_up": [50, 100]},
    }}  # fmt: skip
    settings.NEWSLETTER = config.model_copy(update={"send": type(config.send).model_validate(send)})
    first, *ways = call("check").out.splitlines()
    assert first.endswith("2 transports: nothing is wrong")
    assert ways == [
        "  bulk (outbox): 100 per second, 5,000 a day; warm-up day 1 of 2: 50 today; 1 connection",
        "  outbox (outbox): no limit in time; 1 connection",
    ]


@pytest.mark.django_db
def test_check_names_all_that_is_wrong_with_keys_and_hints(call, settings, seeded):
    letter = seeded.newsletters["weekly"].model_copy(update={"theme": "nope", "subject": "{% if"})
    source = seeded.collect.sources["posts"].model_copy(update={"kind": "fed"})
    settings.NEWSLETTER = seeded.model_copy(
        update={
            "newsletters": {"weekly": letter},
            "collect": seeded.collect.model_copy(update={"sources": {"posts": source}}),
        }
    )
    result = call("check", "--json")
    keys = [problem["key"] for problem in result.facts]
    assert result.code == 1
    assert keys == [
        "newsletters.weekly.lists.0.seed", "collect.sources.posts.kind", "newsletters.weekly.theme",
        "newsletters.weekly.subject",
    ]  # fmt: skip
    assert all(problem["reason"] for problem in result.facts)
    assert call("check").err.count("✗") == 4


@pytest.mark.django_db
def test_check_says_how_to_bring_the_database_up_to_date(call):
    (last,) = MigrationLoader(connection).graph.leaf_nodes("newsletter")
    MigrationRecorder(connection).record_unapplied(*last)
    result = call("check")
    assert result.code == 1
    assert "run `newsletter migrate`" in result.err


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["web", "clock", "worker"])
def test_what_stays_up_does_not_start_on_a_database_that_is_not_up_to_date(call, name):
    (last,) = MigrationLoader(connection).graph.leaf_nodes("newsletter")
    MigrationRecorder(connection).record_unapplied(*last)
    result = call(name)
    assert (result.code, result.out) == (1, "")
    lacks = "✗ the database lacks 1 migration (run `newsletter migrate`)\n"
    needless = name == "worker" and connection.vendor == "sqlite"
    assert "workers need database.url" in result.err if needless else result.err == lacks


@pytest.mark.django_db
def test_a_seed_file_that_has_been_read_may_go(call, seeded, now):
    make_list("readers", seeded_at=now)
    assert call("check").code == 0


@pytest.mark.django_db
def test_migrate_makes_the_lists_and_reads_their_seeds_once(call, seeded, tmp_path):
    (tmp_path / "readers.csv").write_text("email\nada@example.org\nnobody\n")
    result = call("migrate")
    assert "the database is up to date" in result.out
    assert "✓ list readers: 1 person added from its seed file, 1 refused" in result.out
    assert "✗ list readers, line 3: “nobody” refused: " in result.err
    assert List.objects.get().subscriptions.count() == 1
    assert "seed" not in call("migrate").out


@pytest.mark.django_db
def test_staff_makes_a_member_and_later_gives_a_new_password(call):
    for _ in range(2):
        password = call("staff", "ada").out.strip().removeprefix("user ada, password ")
        assert get_user_model().objects.get(username="ada").check_password(password)


def test_init_makes_a_folder_and_says_what_comes_next(call, tmp_path):
    result = call("init", str(tmp_path / "mine"))
    assert result.code == 0
    assert "newsletter run" in result.out
    for name in ("config.yaml", "subscribers.csv", "posts/hello.md", "templates/email/atlas/tokens.yaml"):
        assert (tmp_path / "mine" / name).is_file()


def test_init_takes_an_empty_folder_and_no_other(call, tmp_path):
    (tmp_path / "empty").mkdir()
    assert call("init", str(tmp_path / "empty")).code == 0
    again = call("init", str(tmp_path / "empty"))
    assert (again.code, again.out) == (1, "")
    assert "is not empty (name a folder that is" in again.err
    (tmp_path / "file").touch()
    assert call("init", str(tmp_path / "file")).code == 2
    assert call("init", str(tmp_path / "file" / "below")).err.endswith("Not a directory\n")


def test_a_worker_is_refused_on_sqlite(call):
    result = call("worker", "--concurrency", "2")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "workers need database.url to be PostgreSQL" in result.err


def test_init_copies_the_theme_that_is_asked_for_and_no_more(call, tmp_path):
    assert call("init", str(tmp_path / "mine"), "--theme", "gazette").code == 0
    folder = tmp_path / "mine" / "templates" / "email"
    assert [path.name for path in folder.iterdir()] == ["gazette"]
    assert not (folder / "gazette" / "layout.mjml.j2").exists()
    assert "theme: gazette" in (tmp_path / "mine" / "config.yaml").read_text()
    assert call("init", str(tmp_path / "other"), "--theme", "base").code == 2
