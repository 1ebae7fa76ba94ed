"""Time stamps by a time-stamping authority that others wrote: `openssl ts` behind HTTP."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from proxy.run.cli import main as command_line
from proxy.vault import note, tiles, verifier
from tests.support import ledger
from tests.support.ledger import Log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.peer

AUTHORITY = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Quiet Clock
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[stamper]
basicConstraints = CA:false
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = own
[own]
dir = .
serial = serial
crypto_device = builtin
signer_cert = stamper.pem
signer_key = stamper.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """A root, a stamper, and what answers a request."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "openssl.cnf").write_text(AUTHORITY)
        (directory / "serial").write_text("01\n")
        key = ("-newkey", "rsa:2048", "-nodes", "-config", "openssl.cnf")
        self.openssl(
            "req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-extensions", "root"
        )
        self.openssl(
            "req",
            *key,
            "-subj",
            "/CN=Quiet Stamper",
            "-keyout",
            "stamper.key",
            "-out",
            "stamper.csr",
        )
        self.openssl(
            "x509", "-req", "-in", "stamper.csr", "-CA", "root.pem", "-CAkey", "root.key",
            "-CAcreateserial", "-extfile", "openssl.cnf", "-extensions", "stamper",
            "-out", "stamper.pem",
        )  # fmt: skip

    @property
    def root(self) -> Path:
        """The certificate that readers trust."""
        return self.directory / "root.pem"

    def openssl(self, *words: str) -> bytes:
        """What `openssl WORDS` prints."""
        done = subprocess.run(
            ["openssl", *words], cwd=self.directory, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def answer(self, request: bytes) -> bytes:
        """The stamp over what is asked."""
        (self.directory / "request.tsq").write_bytes(request)
        return self.openssl("ts", "-reply", "-config", "openssl.cnf", "-queryfile", "request.tsq")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A fresh authority."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program (Debian: apt-get install openssl)")
    directory = tmp_path / "authority"
    directory.mkdir()
    return Authority(directory)


@pytest_asyncio.fixture
async def url(authority: Authority) -> AsyncIterator[str]:
    """Where the authority answers."""

    async def stamp(request: web.Request) -> web.Response:
        assert request.content_type == "application/timestamp-query"
        answer = await asyncio.to_thread(authority.answer, await request.read())
        return web.Response(body=answer, content_type="application/timestamp-reply")

    application = web.Application()
    application.router.add_post("/", stamp)
    async with TestServer(application) as server:
        yield str(server.make_url("/"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of an invented ledger."""
    directory = tmp_path / "copy"
    write(directory, 300)
    return directory


def write(directory: Path, size: int) -> None:
    """The files of a copy of so many leaves."""
    log = Log(ledger.leaves(size))
    for tile, content in log.tiles.items():
        path = directory / tiles.path(tile)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (directory / "vkey").write_text(f"{verifier.render(ledger.KEY)}\n")
    (directory / "checkpoint").write_text(log.signed())


async def command(*words: str | Path) -> int:
    """The exit code of `privacyproxy ledger WORDS`."""
    return await asyncio.to_thread(command_line.main, ["ledger", *map(str, words)])


def failure(capsys: pytest.CaptureFixture[str]) -> object:
    """The code with which the last command failed."""
    return json.loads(capsys.readouterr().out.splitlines()[-1])["failed"]


async def test_a_stamp_is_kept_and_verified_offline(
    authority: Authority, url: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stamp convinces long after the ledger has grown; openssl agrees that it is one."""
    cert = ("--tsa-cert", authority.root)
    assert await command("anchor", "--url", url, "--dir", copy, *cert) == 0
    stamp = copy / "anchors" / "300.tsr"
    text = authority.directory / "text"
    text.write_text(note.parse((copy / "checkpoint").read_text()).text)
    authority.openssl("ts", "-verify", "-in", str(stamp), "-data", str(text), "-CAfile", "root.pem")
    write(copy, 700)
    assert await command("verify", copy, "--anchor", stamp, *cert) == 0
    assert "The checkpoint of 300 leaves existed by" in capsys.readouterr().out
    assert await command("verify", copy, "--anchor", stamp, "--json") == 1
    assert failure(capsys) == "anchor_certificate"


async def test_a_stamp_over_something_else_is_refused(
    authority: Authority, url: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another checkpoint beside the stamp, another authority, spoilt octets: no proof."""
    cert = ("--tsa-cert", authority.root)
    assert await command("anchor", "--url", url, "--dir", copy) == 0
    stamp = copy / "anchors" / "300.tsr"
    beside = stamp.with_suffix(".checkpoint")
    verify = ("verify", copy, "--json", "--anchor", stamp)
    good = stamp.read_bytes()

    beside.write_text(Log(ledger.leaves(200)).signed())
    assert await command(*verify, *cert) == 1
    assert failure(capsys) == "anchor_other"
    beside.unlink()
    assert await command(*verify, *cert) == 0

    other = authority.directory / "other"
    other.mkdir()
    assert await command(*verify, "--tsa-cert", Authority(other).root) == 1
    assert failure(capsys) == "anchor_signature"
    stamp.write_bytes(good[:-40] + bytes([good[-40] ^ 1]) + good[-39:])
    assert await command(*verify, *cert) == 1
    assert failure(capsys) == "anchor_signature"
    for spoilt in (b"", good[:100], b"nothing"):
        stamp.write_bytes(spoilt)
        assert await command(*verify, *cert) == 1
        assert failure(capsys) == "anchor_malformed"
    stamp.write_bytes(good)
    assert await command(*verify, "--tsa-cert", copy / "vkey") == 1
    assert failure(capsys) == "anchor_certificate"


async def test_an_answer_to_another_request_is_refused(
    authority: Authority, url: str, copy: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A stamp that was given before, over the same text, is no answer."""
    assert await command("anchor", "--url", url, "--dir", copy) == 0
    earlier = (copy / "anchors" / "300.tsr").read_bytes()
    monkeypatch.setattr(authority, "answer", lambda _: earlier)
    assert await command("anchor", "--url", url, "--dir", copy, "--json") == 1
    assert failure(capsys) == "anchor_other"


async def test_a_compressed_stamp_is_not_unpacked(
    authority: Authority, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody asked for compression, and what it hides could be of any length."""

    async def stamp(request: web.Request) -> web.Response:
        answer = await asyncio.to_thread(authority.answer, await request.read())
        return web.Response(body=gzip.compress(answer), headers={"Content-Encoding": "gzip"})

    application = web.Application()
    application.router.add_post("/", stamp)
    async with TestServer(application) as server:
        url = str(server.make_url("/"))
        assert await command("anchor", "--url", url, "--dir", copy, "--json") == 1
    assert failure(capsys) == "anchor_malformed"
    assert not (copy / "anchors").exists()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (web.Response(status=500), "anchor_refused"),
        (web.Response(body=b"no stamp"), "anchor_malformed"),
        (web.Response(body=bytes(70_000)), "anchor_malformed"),
        (web.Response(status=302, headers={"Location": "/"}), "anchor_refused"),
    ],
)
async def test_a_hostile_authority_leaves_no_stamp(
    copy: Path, capsys: pytest.CaptureFixture[str], answer: web.Response, code: str
) -> None:
    """An error, a redirect, something else or too much: nothing is kept."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))

    application = web.Application()
    application.router.add_post("/", handle)
    async with TestServer(application) as server:
        url = str(server.make_url("/"))
        assert await command("anchor", "--url", url, "--dir", copy, "--json") == 1
    assert failure(capsys) == code
    assert not (copy / "anchors").exists()
