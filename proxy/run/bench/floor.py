"""The floors: nginx answering the same bytes from memory, configured in a scratch directory.

nginx is a peer of benchmarks only (Debian: nginx, libnginx-mod-stream); without it there is no
ratio. Linux only: CPU time is read from /proc.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proxy.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_STREAM_MODULES: Final = (
    Path("/usr/lib/nginx/modules/ngx_stream_module.so"),
    Path("/usr/lib64/nginx/modules/ngx_stream_module.so"),
)
_START_S: Final = 10
_HEAD: Final = """\
daemon off;
worker_processes 1;
error_log stderr crit;
pid {scratch}/nginx.pid;
{modules}
events {{ worker_connections 1024; }}
"""
_STREAM: Final = """\
stream {{
  server {{ listen 127.0.0.1:{port} backlog=1024; return "{text}"; }}
}}
"""
_HTTP: Final = """\
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {scratch}; proxy_temp_path {scratch}; fastcgi_temp_path {scratch};
  uwsgi_temp_path {scratch}; scgi_temp_path {scratch};
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{ default_type application/rdap+json; return 200 "{text}"; }}
  }}
}}
"""


@contextlib.contextmanager
def stream(scratch: Path, answer: bytes) -> Iterator[tuple[int, int]]:
    """Nginx that sends `answer` to whoever connects: its port and its worker's process id."""
    with _running(scratch, _STREAM, answer, needs_stream=True) as found:
        yield found


@contextlib.contextmanager
def http(scratch: Path, body: bytes) -> Iterator[tuple[int, int]]:
    """Nginx that answers every request with `body`: its port and its worker's process id."""
    with _running(scratch, _HTTP, body, needs_stream=False) as found:
        yield found


def cpu_s(pid: int) -> float:
    """Time on a CPU that all threads of a process have used, seconds (proc(5), schedstat)."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text(encoding="ascii").split()[0]) for file in files) / 1e9


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def _running(
    scratch: Path, template: str, text: bytes, *, needs_stream: bool
) -> Iterator[tuple[int, int]]:
    program = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Unavailable("nginx", "The floor needs nginx (Debian: nginx libnginx-mod-stream).")
    scratch.mkdir(parents=True, exist_ok=True)
    port = free_port()
    module = next((path for path in _STREAM_MODULES if path.exists()), None)
    modules = f"load_module {module};" if needs_stream and module else ""
    config = scratch / "nginx.conf"
    config.write_text(
        _HEAD.format(scratch=scratch, modules=modules)
        + template.format(scratch=scratch, port=port, text=_quoted(text)),
        encoding="utf-8",
    )
    arguments = [program, "-e", "stderr", "-p", str(scratch), "-c", str(config)]
    process = subprocess.Popen(arguments)  # noqa: S603 - our own arguments
    try:
        _wait_for(port, process)
        yield port, _worker_of(process.pid)
    finally:
        process.terminate()
        process.wait(_START_S)


def _quoted(text: bytes) -> str:
    """`text` inside an nginx string; `$` would start a variable and can not be quoted."""
    decoded = text.decode()
    if "$" in decoded:
        raise Unavailable("nginx", "nginx can not return a text with a dollar sign.")
    return decoded.replace("\\", "\\\\").replace('"', '\\"')


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise Unavailable("nginx", "nginx did not start; is libnginx-mod-stream installed?")


def _worker_of(master: int) -> int:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii")
        if children.strip():
            return int(children.split()[0])
        time.sleep(0.02)
    raise Unavailable("nginx", "nginx started no worker.")
