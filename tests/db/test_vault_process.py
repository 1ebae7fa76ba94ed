"""The vault process as the supervisor runs it: its socket, its commands, its refusals."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import shutil
import socket
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Refused, Unavailable
from proxy.hosting import directory
from proxy.hosting.process import Paths, Process
from proxy.metrics import Registry
from proxy.run import vault, vault_rounds
from proxy.run.cli import keys
from proxy.settings import Settings
from proxy.store import pool as pools
from proxy.vault.grants import Caller
from proxy.wire import frames
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.support.database import Database

pytestmark = pytest.mark.db


def settings_of(base: Path) -> Settings:
    """Settings of an installation in `base`."""
    return Settings(data_dir=base / "data", key_dir=base / "keys", ledger_interval_s=1)


class Running:
    """A vault served on the test's own loop."""

    def __init__(self, base: Path, database: Database) -> None:
        self.base = base
        self.database = database
        self.clock = vaults.StillClock()
        self.run_dir = Path(tempfile.mkdtemp(prefix="privacyproxy-"))
        self.stopping = asyncio.Event()
        self.is_ready = asyncio.Event()
        self.metrics = Registry()
        self.user = os.getuid()
        self.task: asyncio.Task[None] | None = None

    @property
    def socket_path(self) -> Path:
        return self.run_dir / keys.SOCKET_NAME

    async def start(self) -> None:
        listeners = {}
        for caller in Caller:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(self.run_dir / f"vault.{caller}"))
            listener.listen()
            listener.setblocking(False)
            listeners[f"vault.{caller}"] = (listener,)
        process = Process(
            role="vault",
            index=0,
            settings=settings_of(self.base),
            database=self.database.access("vault"),
            sockets=listeners,
            users=dict.fromkeys(Caller, self.user),
            metrics=self.metrics,
            clock=self.clock,
            paths=Paths(
                data_dir=self.base / "data",
                key_dir=self.base / "keys",
                run_dir=self.run_dir,
                scratch_dir=self.base,
            ),
            stopping=self.stopping,
            announce=self.is_ready.set,
        )
        self.task = asyncio.create_task(vault.serve(process))
        waiting = asyncio.create_task(self.is_ready.wait())
        await asyncio.wait({waiting, self.task}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            await self.task
        directory.tell_running(self.base / "data", {"run_dir": str(self.run_dir)})

    async def stop(self) -> None:
        self.stopping.set()
        if self.task is not None:
            await asyncio.gather(self.task, return_exceptions=True)
        shutil.rmtree(self.run_dir)

    async def ask(self, asked: frames.Request) -> frames.Answer:
        return await asyncio.to_thread(lambda: keys.last(keys.ask(self.socket_path, asked)))

    async def exchange(self, octets: bytes, caller: str = "operator") -> bytes:
        """What comes back for raw octets, until the vault closes."""
        reader, writer = await asyncio.open_unix_connection(str(self.run_dir / f"vault.{caller}"))
        try:
            writer.write(octets)
            writer.write_eof()
            return await reader.read()
        except OSError:
            return b""
        finally:
            writer.close()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for the vault's rounds, which report through the metrics."""
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110 - metrics are numbers; nobody is woken by them
                await asyncio.sleep(0.02)


@pytest.fixture
async def running(tmp_path: Path, database: Database) -> AsyncIterator[Running]:
    """A served vault over four enrolled registrations."""
    async with vaults.service(tmp_path, database) as service:
        await service.enrol(*(vaults.to_seal() for _ in range(4)))
    made = Running(tmp_path, database)
    await made.start()
    yield made
    await made.stop()


def adopted(running: Running) -> Callable[[], bool]:
    """Whether all four registrations were adopted."""
    counter = running.metrics.counter("vault_adopted_total")
    return lambda: counter.value == 8


async def test_waiting_records_are_adopted_by_themselves(running: Running) -> None:
    """The served vault adopts what waits, without being told."""
    await running.until(adopted(running))
    answer = await running.ask(frames.Status())
    assert answer["adoption"] == {"waiting": 0, "failed": 0}
    assert answer["anchored_records"] == 8


async def test_rotation_streams_progress_to_its_end(running: Running) -> None:
    """`rotate` moves every record to a new epoch and says so."""
    await running.until(adopted(running))
    answer = await running.ask(frames.Rotate())
    rotation = answer["rotation"]
    assert isinstance(rotation, dict)
    assert (rotation["done"], rotation["total"], rotation["target_epoch"]) == (8, 8, 2)
    assert (await running.ask(frames.Check(everything=True)))["unreadable"] == 0


async def test_check_counts_a_forged_record_and_tells_no_more(running: Running) -> None:
    """The operator's check gives counts by reason."""
    await running.until(adopted(running))
    async with pools.connected(running.database.superuser()) as connection:
        await connection.execute(
            "UPDATE sealed_record SET record = record || '\\x00' WHERE ctid IN"
            " (SELECT ctid FROM sealed_record LIMIT 1)"
        )
    answer = await running.ask(frames.Check())
    assert (answer["checked"], answer["unreadable"]) == (8, 1)
    assert answer["reasons"] == {"record_forged": 1}


async def test_preflight_recomputes_the_ledger(running: Running) -> None:
    """A leaf that was changed in the database shows in the operator's full check."""
    size = running.metrics.gauge("vault_ledger_size")
    await running.until(lambda: size.value >= 4)
    assert (await running.ask(frames.Check(everything=True)))["ledger_whole"] is True
    async with (
        pools.connected(running.database.superuser()) as connection,
        connection.transaction(),
    ):
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE ledger_leaf SET commitment = sha256('x') WHERE index = 1")
    assert (await running.ask(frames.Check(everything=True)))["ledger_whole"] is False
    async with (
        pools.connected(running.database.superuser()) as connection,
        connection.transaction(),
    ):
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("DELETE FROM ledger_leaf WHERE index = 0")
    assert (await running.ask(frames.Check(everything=True)))["ledger_whole"] is False


async def test_openings_become_ledger_leaves(running: Running) -> None:
    """A check is an entry of the ledger, under a signed checkpoint, soon after."""
    await running.until(adopted(running))
    await running.ask(frames.Check())
    async with pools.connected(running.database.superuser()) as connection:
        async with asyncio.timeout(20):
            while not await connection.fetchval(  # noqa: ASYNC110 - rows wake nobody
                "SELECT count(*) FROM ledger_entry WHERE kind = 'opened' AND leaf_index IS NOT NULL"
            ):
                await asyncio.sleep(0.05)


async def test_a_batch_is_written_before_anything_is_served(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data may leave from the first moment on: nobody waits for an interval after a start."""
    monkeypatch.setattr(vault_rounds.Rounds, "all", lambda _: ())
    running = Running(tmp_path, database)
    async with vaults.service(tmp_path, database):
        pass
    await running.start()
    assert running.metrics.gauge("vault_ledger_size").value == 16
    await running.stop()


async def test_preflight_budget_is_refused_when_passed(running: Running) -> None:
    """The seventh preflight of an hour is refused and counted."""
    for _ in range(6):
        await running.ask(frames.Check(everything=True))
    with pytest.raises(Refused) as refusal:
        await running.ask(frames.Check(everything=True))
    assert refusal.value.code == "budget"
    counter = running.metrics.counter("vault_budget_refused_total", purpose="preflight")
    assert counter.value == 1


async def test_other_callers_get_nothing(running: Running) -> None:
    """The worker's socket has no grant yet: default deny."""
    request = frames.render(frames.Check())
    answer = await running.exchange(request, "worker")
    assert frames.parse_answer(answer[4:])["error"] == "not_granted"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x00\x00",
        struct.pack(">I", 0),
        struct.pack(">I", 1 << 30) + b"{}",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 22) + b'{"command":"unknown!"}',
        frames.render({"command": "status", "more": 1}),
        struct.pack(">I", 8) + b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8",
    ],
)
async def test_bad_frames_get_a_code_or_silence(running: Running, octets: bytes) -> None:
    """Whatever arrives, the vault answers with a code or closes, and goes on serving."""
    answer = await running.exchange(octets)
    assert answer == b"" or "error" in frames.parse_answer(answer[4:])
    assert (await running.ask(frames.Status()))["done"] is True


async def test_a_stranger_is_cut_off_by_peer_credentials(
    tmp_path: Path, database: Database
) -> None:
    """A peer whose user is not the caller's gets no answer at all."""
    async with vaults.service(tmp_path, database):
        pass
    running = Running(tmp_path, database)
    running.user += 1
    await running.start()
    assert await running.exchange(frames.render(frames.Status())) == b""
    await running.stop()


async def test_lost_state_stops_openings_but_not_intake(tmp_path: Path, database: Database) -> None:
    """Without its state the vault publishes intake keys and says what is needed."""
    async with vaults.service(tmp_path, database) as service:
        await service.enrol(vaults.to_seal())
    shutil.rmtree(tmp_path / "keys" / "vault" / "state")
    running = Running(tmp_path, database)
    await running.start()
    status = await running.ask(frames.Status())
    assert status["state"] == "lost"
    assert "Put the state directory back" in str(status["state_detail"])
    with pytest.raises(Unavailable) as refusal:
        await running.ask(frames.Check())
    assert refusal.value.code == "state_lost"
    await running.stop()


async def test_keys_command_speaks_to_the_running_vault(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """`keys status|rotate|retry` work beside a running service, for people and programs."""
    await running.until(adopted(running))
    settings = settings_of(running.base)
    for action in ("status", "rotate", "retry"):
        for as_json in (False, True):
            arguments = argparse.Namespace(
                action=action, json=as_json, compromised=as_json, new_root=as_json
            )
            assert await asyncio.to_thread(keys.run, arguments, settings) == 0
    said = capsys.readouterr().out
    assert "8 of 8 records under epoch 2" in said
    assert json.loads(said.splitlines()[-1]) == {"retried": 0}


def test_keys_command_says_when_nothing_runs(tmp_path: Path) -> None:
    """Without a service the sentence says how to start one."""
    with pytest.raises(Unavailable, match="vault") as refusal:
        keys.socket_path(tmp_path)
    assert "start it with `up`" in refusal.value.detail


def test_keys_command_says_when_the_vault_is_gone(tmp_path: Path) -> None:
    """A socket that nobody listens on is Unavailable."""
    with pytest.raises(Unavailable):
        keys.last(keys.ask(tmp_path / secrets.token_hex(4), frames.Status()))
