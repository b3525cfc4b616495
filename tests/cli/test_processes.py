"""The `newsletter` command as people call it: processes of their own, on a folder made by `newsletter init`."""

import os
import socket
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT

pytestmark = pytest.mark.processes


def test_help_needs_no_configuration_and_survives_a_broken_one(process, tmp_path):
    for arguments in (["--help"], ["subscribers", "import", "-h"]):
        result = process(*arguments, NEWSLETTER_NONSENSE="x")
        assert (result.code, result.err) == (0, "")
        assert result.out.startswith("Usage: newsletter ")
    assert list(tmp_path.iterdir()) == []


def test_without_a_configuration_one_line_says_what_to_do(process, tmp_path):
    result = process("issues")
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        f"✗ there is no {tmp_path}/config.yaml (make one with `newsletter init DIR`, or name one with --config)\n"
    )


def test_check_names_every_fault_of_the_file_in_words_and_as_json(process, tmp_path):
    (tmp_path / "config.yaml").write_text("site: {naem: x}\nsend: {batch: 0}\n")
    result = process("check")
    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines() == [
        "✗ config.yaml line 1: site.naem: there is no such key (did you mean 'name'?)",
        "✗ config.yaml line 2: send.batch: this must be greater than or equal to 1",
    ]
    assert [one["where"] for one in process("check", "--json").facts] == ["config.yaml line 1", "config.yaml line 2"]


def test_from_init_to_the_report(process, tmp_path):
    assert process("init", "mine").code == 0
    mine = tmp_path / "mine"
    early = process("issues", folder=mine)
    assert (early.code, "(run `newsletter migrate` first)" in early.err, early.err.count("\n")) == (1, True, 1)
    assert "2 people added" in process("migrate", folder=mine).out
    made = process("--config", "mine/config.yaml", "compose", "weekly", "--json")
    assert made.facts["posts"] == 2
    name = made.facts["issue"]

    sent = process("send", name, "--wait", "--json", "--config=mine/config.yaml")
    assert sent.code == 0, sent.err
    assert sent.facts["messages"] == {"submitted": 2}
    assert len(list((mine / "var" / "outbox" / name).glob("*.eml"))) == 2
    assert process("report", name, "--json", NEWSLETTER_CONFIG="mine/config.yaml").facts["sent"] == 2


def test_what_the_system_refuses_is_one_line(process, tmp_path):
    (tmp_path / "config.yaml").write_text("site: {var: var}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = process("run", NEWSLETTER_SITE__LISTEN=address)
        # Told before anything is done: there is no database yet.
        assert not list(tmp_path.glob("var/*.sqlite3"))
        process("migrate")
        assert process("web", NEWSLETTER_SITE__LISTEN=address).err == result.err
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
    assert f"another program listens on {address}, the address of site.listen" in result.err

    result = process("issues", NEWSLETTER_SITE__VAR="config.yaml")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "config.yaml" in result.err


@pytest.mark.parametrize(
    ("name", "said"), [("web", "✓ the web server listens on 127.0.0.1:"), ("clock", "✓ the clock looks for work")]
)
def test_what_stays_up_says_so_as_it_starts(process, tmp_path, name, said):
    (tmp_path / "config.yaml").write_text("site: {var: var}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process("migrate")
    clean = {key: text for key, text in os.environ.items() if not key.startswith(("NEWSLETTER_", "DJANGO_"))}
    with subprocess.Popen(
        [sys.executable, "-m", "newsletter", name], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env={**clean, "PYTHONPATH": ROOT, "NEWSLETTER_SITE__LISTEN": address},
    ) as started:  # fmt: skip
        assert started.stdout
        assert started.stdout.readline().startswith(said)
        started.terminate()
        assert started.wait(60) == 0
