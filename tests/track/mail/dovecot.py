"""A real IMAP server (Dovecot) of the test's own: its own port, its own mailboxes, nothing of the machine's."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER, PASSWORD = "replies", "a-long-password"

CONFIG = """
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {group}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""


class Imap:
    """The server, and a second hand in its mailbox."""

    def __init__(self, port: int) -> None:
        self.port = port

    def login(self) -> imaplib.IMAP4:
        """A connection of the test's own."""
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(USER, PASSWORD)
        return client

    def deliver(self, data: bytes, folder: str = "INBOX") -> None:
        """Put a mail into the mailbox, unread, as a mail server does."""
        client = self.login()
        status, answer = client.append(folder, "", "", data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        assert status == "OK", answer
        client.logout()

    def flags(self) -> list[bytes]:
        """The flags of every mail in the mailbox."""
        client = self.login()
        client.select("INBOX", readonly=True)
        _, found = client.fetch("1:*", "(FLAGS)")
        client.logout()
        return [one.partition(b"FLAGS ")[2] for one in found if isinstance(one, bytes)]


@contextmanager
def dovecot() -> Iterator[Imap]:
    """A running server; FileNotFoundError where Dovecot is not installed."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise FileNotFoundError("dovecot")
    # Not pytest's folder: Dovecot gives up root's rights, and could not look into it any more.
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "dovecot.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, password=PASSWORD, **_users(folder)))
    process = subprocess.Popen([program, "-F", "-c", str(config)], stderr=subprocess.PIPE, text=True)
    try:
        _wait(process, port, folder)
        yield Imap(port)
    finally:
        process.terminate()
        process.wait(60)
        if process.stderr:
            process.stderr.close()
        shutil.rmtree(folder, ignore_errors=True)


def _users(folder: Path) -> dict[str, object]:
    """As root, the users that Debian's package makes; as anybody else, that one."""
    me = pwd.getpwuid(os.getuid())
    if me.pw_uid:
        (folder / "mail").mkdir()
        return {"login": me.pw_name, "internal": me.pw_name, "group": me.pw_gid, "uid": me.pw_uid, "gid": me.pw_gid}
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
    return {"login": "dovenull", "internal": "dovecot", "group": "dovecot", "uid": nobody.pw_uid, "gid": nobody.pw_gid}


def _wait(process: subprocess.Popen[str], port: int, folder: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"dovecot ended: {process.stderr and process.stderr.read()} {_log(folder)}")
        try:
            imaplib.IMAP4("127.0.0.1", port).logout()
            return
        except (OSError, imaplib.IMAP4.error):
            time.sleep(0.05)
    raise RuntimeError(f"dovecot does not answer: {_log(folder)}")


def _log(folder: Path) -> str:
    file = folder / "log"
    return file.read_text() if file.exists() else ""
