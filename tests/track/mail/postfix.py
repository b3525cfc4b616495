"""A real Postfix of the test's own, on the loopback: it knows no mailbox, and reports so to us and to nobody else."""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.net
mynetworks = 127.0.0.0/8
mydestination = example.org
local_recipient_maps =
smtpd_reject_unlisted_recipient = no
local_transport = error:{status} {words}
transport_maps = inline:{{ in.example.org=smtp:[127.0.0.1]:{back} }}
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
alias_maps =
alias_database =
disable_dns_lookups = yes
smtp_host_lookup = native
notify_classes =
import_environment = MAIL_CONFIG
"""
MASTER = """
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n 1000? 1 tlsmgr
"""


@contextmanager
def postfix(port: int, back: int, status: str = "5.1.1", words: str = "User unknown") -> Iterator[Path]:
    """Run it at this port, its reports going to that one; gives its log.

    FileNotFoundError where it is not installed, PermissionError for whoever is not root, as which alone it starts.
    """
    program = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise FileNotFoundError("postfix")
    if os.getuid():
        raise PermissionError("postfix starts as root only")
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    for name in ("conf", "queue", "data"):
        (folder / name).mkdir()
    owner = pwd.getpwnam("postfix")
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    (folder / "conf" / "main.cf").write_text(MAIN.format(folder=folder, back=back, status=status, words=words))
    (folder / "conf" / "master.cf").write_text(MASTER.format(port=port))
    line = [program, "-c", str(folder / "conf")]
    try:
        subprocess.run([*line, "start"], check=True, capture_output=True, timeout=120)
        _wait(port)
        yield folder / "log"
    finally:
        subprocess.run([*line, "abort"], check=False, capture_output=True, timeout=120)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            smtplib.SMTP("127.0.0.1", port, timeout=20).quit()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
