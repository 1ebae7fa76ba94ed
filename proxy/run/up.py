"""`privacyproxy up` and `run ROLE`: from settings to the ready line, and down again.

The order of the start: directories, the hold on them, users, listeners (a port in use ends it
early), PostgreSQL, schema and keys, processes, the metrics listener, the demo's data, the ready
line. Everything is undone in the opposite order whatever happens. Standard output gets demo hints
and the ready line only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from proxy import logs
from proxy import settings as settings_module
from proxy.apps import metrics as metrics_app
from proxy.errors import ProxyError, Unavailable
from proxy.hosting import database, directory, isolation
from proxy.hosting.boot import Boot
from proxy.hosting.process import Paths
from proxy.run import database_server, installation, listeners, prepare, roles, root_phrase
from proxy.run.installation import Installation
from proxy.run.supervise import DATABASE, Child, Supervisor, spawn
from proxy.store.logins import LoginRole
from proxy.vault import genesis

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from proxy.hosting.directory import Hold
    from proxy.run.database_server import Server
    from proxy.run.installation import Users
    from proxy.settings import Settings

_SCHEMES = {"whois": "", "smtp": "", "api_tls": "https://"}
PREPARE_TOLD = "prepare_told"
"""The process that prepares has said on standard error why it can not; one sentence is enough."""

_log = structlog.get_logger()


def main(settings: Settings, *, group: str = "up", demo: bool = False) -> int:
    """The exit code of a whole life: 0 after a signal, 1 with a sentence on standard error."""
    logs.configure(format_name=settings.log_format, level=settings.log_level)
    logs.catch_bugs()
    logs.bind(role=group)
    for variable in settings_module.unknown_in_environment():
        _log.warning("unknown_setting", setting=variable)
    isolation.hide_memory()
    try:
        phrase = _root_phrase(settings, group)  # before the loop, which a prompt would hold up
        service = _Service(settings, group=group, demo=demo, root_phrase=phrase)
        asyncio.run(_until_signalled(service))
    except ProxyError as error:
        if error.code != PREPARE_TOLD:
            print(error.detail, file=sys.stderr)
        return 1
    return 0


def _root_phrase(settings: Settings, group: str) -> str | None:
    """The pass phrase of the root key where this group has a vault; None for none."""
    if roles.VAULT not in roles.GROUPS[group]:
        return None
    try:
        is_new = genesis.root_provider(settings.key_dir) is None
    except PermissionError:  # whoever may not look is told so by what comes next
        is_new = False
    return root_phrase.wanted(settings, is_new=is_new).phrase


async def _until_signalled(service: _Service) -> None:
    """Returns once a signal has ended the service; raises what else ended it."""
    loop = asyncio.get_running_loop()
    logs.catch_loop_bugs(loop)
    life = asyncio.create_task(service.live())
    signalled = False

    def end(number: signal.Signals) -> None:
        nonlocal signalled
        if not signalled:
            _log.info("stopping", signal=number.name)
            life.cancel()
        signalled = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    try:
        await life
    except asyncio.CancelledError:
        if not signalled:
            raise
    finally:
        # The loop gives its handlers up when it closes; a signal that was sent twice must not
        # turn a clean end into a death. Nothing is started from here on.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    _log.info("stopped")


class _Service:
    """One life of the service."""

    def __init__(
        self, settings: Settings, *, group: str, demo: bool, root_phrase: str | None
    ) -> None:
        self._root_phrase = root_phrase
        self._settings = settings
        self._name = group
        self._group = roles.GROUPS[group]
        self._is_demo = demo

    async def live(self) -> None:
        """Runs until cancelled; raises ProxyError when it can not start or go on."""
        settings = self._settings
        if self._is_demo:
            directory.check_demo(settings.data_dir)
        installation.make_directories(settings)
        hold = directory.hold(settings.data_dir, self._name)
        if self._is_demo:
            directory.mark_demo(settings.data_dir, directory.demo(settings.data_dir))
        users = installation.choose_users(settings, self._group)
        if users.warning:
            print(users.warning, file=sys.stderr)
        async with contextlib.AsyncExitStack() as stack:
            public = installation.public_sockets(settings, self._group)
            stack.callback(_close, public)
            run_dir = self._run_dir(stack, users)
            private = installation.private_sockets(run_dir, self._group, users)
            server = await self._database(stack)
            await self._prepare(users, run_dir, hold)
            installation.hand_over(settings, self._group, users)
            ready = Installation(
                settings=settings,
                users=users,
                run_dir=run_dir,
                sockets={**public, **private},
                logins=installation.logins(settings, self._group),
                root_phrase=self._root_phrase,
            )
            supervisor = self._supervisor(ready, hold)
            stack.push_async_callback(supervisor.stop)
            # First of all at the end: a connection is refused rather than queued for nobody.
            stack.callback(_close, {name: public[name] for name in public if name != "metrics"})
            await self._serve(stack, supervisor, server, ready)

    async def _serve(
        self,
        stack: contextlib.AsyncExitStack,
        supervisor: Supervisor,
        server: Server | None,
        ready: Installation,
    ) -> None:
        if server is not None:
            supervisor.others[DATABASE] = "ready"
            keeper = asyncio.create_task(_keep_database(server, supervisor))
            stack.callback(keeper.cancel)
        await _listen_metrics(stack, supervisor, ready.sockets["metrics"][0])
        await supervisor.start()
        _raise(supervisor)
        addresses = _addresses(ready.sockets)
        directory.tell_running(
            self._settings.data_dir,
            {"run_dir": str(ready.run_dir), "pid": os.getpid(), **addresses},
            self._name,
        )
        if self._is_demo:
            await self._load_demo(addresses)
        _say_ready(addresses)
        await supervisor.failure
        _raise(supervisor)

    def _run_dir(self, stack: contextlib.AsyncExitStack, users: Users) -> Path:
        data_dir = self._settings.data_dir
        mode = 0o711 if users.are_separate else 0o700
        run_dir = directory.make_run_dir(data_dir, self._name, mode)
        directory.tell_running(data_dir, {"run_dir": str(run_dir), "pid": os.getpid()}, self._name)
        stack.callback(directory.tell_stopped, data_dir, self._name, run_dir)
        return run_dir

    async def _database(self, stack: contextlib.AsyncExitStack) -> Server | None:
        """The embedded server, up; None when another one is used."""
        if self._settings.database_url is not None:
            return None
        if self._name != "up":
            raise Unavailable(
                "database_url",
                f"`run {self._name}` needs a database of its own accord: set "
                "PRIVACYPROXY_DATABASE_URL and put the passwords into "
                f"{database.password_dir(self._settings)}.",
            )
        server = database_server.Server(self._settings.data_dir)
        stack.push_async_callback(server.stop)
        await server.prepare()
        await server.start()
        return server

    async def _prepare(self, users: Users, run_dir: Path, hold: Hold) -> None:
        """Schema and keys, by a process of its own."""
        settings = self._settings
        owner = database.login(settings, LoginRole.OWNER) if self._name == "up" else None
        has_vault = roles.VAULT in self._group
        if owner is None and not has_vault:
            return
        boot = Boot(
            role=prepare.PREPARE,
            index=0,
            parent=os.getpid(),
            control=hold.inherited,
            sockets={},
            users=users.ids if has_vault else {},
            drop_to=None,
            settings=settings,
            login=owner,
            root_phrase=self._root_phrase if has_vault else None,
            paths=Paths(
                data_dir=settings.data_dir,
                key_dir=settings.key_dir,
                run_dir=run_dir,
                scratch_dir=run_dir,
            ),
        )
        process = await spawn(boot, (hold.inherited,))
        exit_code = await process.wait()
        if exit_code == 1:
            raise Unavailable(PREPARE_TOLD)
        if exit_code != 0:
            raise Unavailable("prepare", "The schema or the keys could not be prepared; see above.")

    def _supervisor(self, ready: Installation, hold: Hold) -> Supervisor:
        children = [
            Child(role=role, index=index)
            for role in self._group
            for index in range(installation.worker_count(self._settings, role))
        ]
        return Supervisor(
            children,
            prepare_boot=ready.boot,
            inherited=(hold.inherited,),
            drain_s=self._settings.drain_s,
        )

    async def _load_demo(self, addresses: Mapping[str, str]) -> None:
        from proxy.run import demo  # noqa: PLC0415 - only a demo pays for it

        known = directory.demo(self._settings.data_dir)
        facts = await demo.load(self._settings, api_url=addresses["api"], known=known)
        directory.mark_demo(self._settings.data_dir, facts)
        for line in demo.hints(facts, addresses):
            _say(line)


async def _keep_database(server: Server, supervisor: Supervisor) -> None:
    """Starts the embedded server again whenever it has died."""
    while True:
        exit_code = await server.ended()
        supervisor.others[DATABASE] = "down"
        if not await supervisor.pause(supervisor.died(DATABASE, 0, exit_code)):
            return
        try:
            await server.start()
        except ProxyError as error:
            _log.error("database_not_started", code=error.code, reason=error.detail)
        else:
            supervisor.others[DATABASE] = "ready"


async def _listen_metrics(
    stack: contextlib.AsyncExitStack, supervisor: Supervisor, listener: socket.socket
) -> None:
    runner = web.AppRunner(
        metrics_app.application(supervisor.status), access_log=None, shutdown_timeout=0.5
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener).start()


def _addresses(sockets: Mapping[str, Sequence[socket.socket]]) -> dict[str, str]:
    """The ready line's entries, in the contract's order; the first address of each listener."""
    found = {}
    for name in ("whois", "rdap", "api", "api_tls", "web", "smtp", "metrics"):
        if sockets.get(name):
            scheme = _SCHEMES.get(name, "http://")
            found[name] = f"{scheme}{listeners.bound(sockets[name][0]).text}"
    return found


def _say_ready(addresses: Mapping[str, str]) -> None:
    _say("ready " + json.dumps(addresses, separators=(",", ":")))


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more: the service goes on
        print(line, flush=True)


def _raise(supervisor: Supervisor) -> None:
    if supervisor.failure.done():
        raise Unavailable("failed", supervisor.failure.result())


def _close(sockets: Mapping[str, Sequence[socket.socket]]) -> None:
    for several in sockets.values():
        for one in several:
            one.close()
