"""A Postfix of a test's own: its configuration, queue and life, apart from the machine's."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAIN = """\
compatibility_level = 3.6
queue_directory = {place}/spool
data_directory = {place}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {place}
maillog_file = {place}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.kaveri-silk.example
mynetworks = 127.0.0.0/8
mydestination =
virtual_mailbox_domains = kaveri-silk.example
virtual_mailbox_maps = inline:{{ meera@kaveri-silk.example=meera }}
smtpd_reject_unlisted_recipient = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
disable_dns_lookups = yes
bounce_queue_lifetime = 1h
transport_maps = inline:{{
  {{ meera@kaveri-silk.example = discard: }}
  {{ nobody@kaveri-silk.example = error:5.1.1 User unknown }}
  {{ {back} = smtp:[127.0.0.1]:{back_port} }} }}
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """One that runs, and where it listens."""

    port: int
    place: Path

    def log(self) -> str:
        """What it wrote down."""
        file = self.place / "log"
        return file.read_text() if file.exists() else ""


def program() -> str | None:
    """The path of the program; None where it is missing, or we may not start it."""
    found = shutil.which("postfix", path=f"{os.defpath}:/usr/sbin")
    return found if os.geteuid() == 0 else None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def running(binary: str, *, back: str, back_port: int) -> Iterator[Postfix]:
    """A Postfix that takes mail for kaveri-silk.example, and sends `back`'s mail to a port.

    Of that domain meera is there and nobody is not, as it finds out after it took the mail.
    """
    # Its processes run as users of their own, which may not enter a test's private directory.
    place = Path(tempfile.mkdtemp(prefix="postfix-of-a-test-"))
    place.chmod(0o755)
    port = free_port()
    for name in ("spool", "data"):
        (place / name).mkdir(mode=0o755)
    shutil.chown(place / "data", "postfix")
    (place / "main.cf").write_text(_MAIN.format(place=place, back=back, back_port=back_port))
    (place / "master.cf").write_text(_MASTER.format(port=port))
    (place / "dynamicmaps.cf").touch()
    made = subprocess.Popen([binary, "-c", place, "start-fg"], stdout=subprocess.DEVNULL)
    try:
        yield Postfix(port=port, place=place)
    finally:
        subprocess.run([binary, "-c", place, "stop"], check=False, capture_output=True, timeout=60)
        made.wait(timeout=60)
        shutil.rmtree(place, ignore_errors=True)
