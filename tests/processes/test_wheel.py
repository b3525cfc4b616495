"""The wheel alone, away from the checkout, makes a publication and runs it."""

import os
import signal
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from pathlib import Path

import pytest

from tests.processes.conftest import ROOT, free_port, wait_for

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment that holds our wheel, and sees the packages it depends on but not the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    home = folder / "venv"
    venv.create(home)
    python = home / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    # The .pth files of a folder named by a .pth file are not read, so the editable checkout stays out of sight.
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return home / "bin"


def call(installed: Path, *arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [installed / "newsletter", *arguments],
        cwd=cwd,
        env=clean_env(**env),
        capture_output=True,
        text=True,
        timeout=60,
    )


def clean_env(**more: str) -> dict[str, str]:
    unwanted = ("NEWSLETTER_", "DJANGO_", "PYTHON")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(unwanted)}, **more}


def test_init_and_run_from_an_empty_environment(installed, tmp_path):
    where = subprocess.run([installed / "python", "-c", "import newsletter; print(newsletter.__file__)"],
                           cwd=tmp_path, env=clean_env(), capture_output=True, text=True, check=True)  # fmt: skip
    assert str(installed.parent) in where.stdout
    made = call(installed, "init", "mine", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    folder, port = tmp_path / "mine", free_port()
    env = {"NEWSLETTER_SITE__LISTEN": f"127.0.0.1:{port}", "NEWSLETTER_SITE__URL": f"http://127.0.0.1:{port}"}
    log = (folder / "run.log").open("w")
    process = subprocess.Popen(
        [installed / "newsletter", "run"], cwd=folder, env=clean_env(**env), stdout=log, stderr=log
    )
    try:
        wait_for(lambda: "is running" in (folder / "run.log").read_text(), "the start", (folder / "run.log").read_text)
        assert len(list((folder / "var" / "outbox").rglob("*.eml"))) == 2
        for page in ("/", "/desk/login/", "/static/unfold/css/styles.css"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}") as answer:
                assert (page, answer.status) == (page, 200)
        checked = call(installed, "check", cwd=folder, **env)
        assert checked.returncode == 0, checked.stderr + checked.stdout
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        log.close()
    text = (folder / "run.log").read_text()
    assert "Traceback" not in text, text
