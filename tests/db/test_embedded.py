"""The embedded PostgreSQL: data kept, nobody orphaned, nothing on the machine changed."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Conflict, Unavailable
from proxy.store import embedded, launch, pool
from proxy.store.logins import LoginRole
from tests.support import supervisor
from tests.support.supervisor import end, is_alive, kill, launched, ready_postmaster, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.db,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc"),
]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A database directory below a directory that nobody else may enter."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    return private / "postgres"


@contextlib.contextmanager
def supervised(directory: Path) -> Iterator[tuple[embedded.Cluster, subprocess.Popen[bytes]]]:
    """A cluster and its postmaster, started here; ended with the block."""
    cluster = embedded.Cluster(directory)
    cluster.prepare()
    postmaster = cluster.start()
    try:
        yield cluster, postmaster
    finally:
        cluster.stop(postmaster)
        cluster.close()


async def write(directory: Path, value: int) -> None:
    """One acknowledged row, by the owner."""
    async with pool.connected(embedded.access(directory, LoginRole.OWNER)) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (value integer)")
        await connection.execute("INSERT INTO kept (value) VALUES ($1)", value)


async def kept(directory: Path) -> list[int]:
    """The rows written so far."""
    async with pool.connected(embedded.access(directory, LoginRole.OWNER)) as connection:
        rows = await connection.fetch("SELECT value FROM kept ORDER BY value")
    return [row["value"] for row in rows]


async def assert_all_logins_work(directory: Path) -> None:
    """Every login enters with its own password, and with no other's."""
    passwords = set()
    for role in LoginRole:
        access = embedded.access(directory, role)
        passwords.add(access.password)
        async with pool.connected(access) as connection:
            assert await connection.fetchval("SELECT current_user") == role.login
    assert len(passwords) == len(LoginRole)


async def test_data_is_kept_across_restarts(directory: Path) -> None:
    """What was written before a stop is there after the next start."""
    for value in range(2):
        with supervised(directory) as (cluster, postmaster):
            await cluster.wait_ready(postmaster)
            await write(directory, value)
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        assert await kept(directory) == [0, 1]
        await assert_all_logins_work(directory)


async def test_a_wrong_password_is_refused(directory: Path) -> None:
    """A login needs its own password: SCRAM, also on the Unix socket."""
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        api, vault = (cluster.access(role) for role in (LoginRole.API, LoginRole.VAULT))
        stolen = pool.Access(
            host=vault.host, port=vault.port, user=vault.user, password=api.password,
            database=vault.database,
        )  # fmt: skip
        with pytest.raises(Unavailable, match="database"):
            await pool.connect(stolen)


async def test_no_port_is_opened(directory: Path) -> None:
    """The server listens on its Unix socket and nowhere else."""
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        assert not supervisor.internet_sockets(postmaster.pid)


async def test_a_killed_postmaster_is_started_again(directory: Path) -> None:
    """After kill -9 of the postmaster the same supervisor starts it anew; nothing is lost."""
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        await write(directory, 1)
        postmaster.kill()
        postmaster.wait()
        again = cluster.start()
        try:
            await cluster.wait_ready(again)
            assert await kept(directory) == [1]
        finally:
            cluster.stop(again)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with PostgreSQL."""
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as process:
        yield process


async def test_a_stale_pid_file_of_a_living_stranger_is_no_obstacle(
    directory: Path, stranger: subprocess.Popen[bytes]
) -> None:
    """After a crash, a process id that now belongs to somebody else keeps nobody out."""
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        pid_file = directory / "cluster" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        postmaster.kill()
        postmaster.wait()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        again = cluster.start()
        try:
            await cluster.wait_ready(again)
            assert stranger.poll() is None
        finally:
            cluster.stop(again)


async def test_a_killed_supervisor_leaves_no_orphan(directory: Path) -> None:
    """After kill -9 of the supervisor its server ends by itself, and the next start works."""
    first = launched(str(directory))
    postmaster = ready_postmaster(first)
    await write(directory, 1)
    kill(first)
    wait_until(lambda: not is_alive(postmaster))
    second = launched(str(directory))
    ready_postmaster(second)
    assert await kept(directory) == [1]
    end(second)


async def test_leftovers_are_ended_before_a_new_start(directory: Path) -> None:
    """Supervisor and postmaster killed, a backend busy: the next start ends it and is alone."""
    first = launched(str(directory))
    postmaster = ready_postmaster(first)
    await write(directory, 1)
    busy = await pool.connect(embedded.access(directory, LoginRole.OWNER))
    backend = busy.get_server_pid()
    os.kill(backend, signal.SIGSTOP)  # it can not notice anything
    try:
        os.kill(first.pid, signal.SIGKILL)
        os.kill(postmaster, signal.SIGKILL)
        kill(first)
        assert is_alive(backend)
        second = launched(str(directory))
        ready_postmaster(second)
        assert not is_alive(backend)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(backend, signal.SIGKILL)
        busy.terminate()
    assert await kept(directory) == [1]
    end(second)


async def test_a_second_supervisor_is_refused(directory: Path) -> None:
    """While one supervisor has the directory, another is told who, and harms nothing."""
    first = launched(str(directory))
    postmaster = ready_postmaster(first)
    with pytest.raises(Conflict, match="database_held") as caught:
        embedded.Cluster(directory).prepare()
    assert str(first.pid) in caught.value.detail
    assert is_alive(postmaster)
    end(first)


@pytest.mark.parametrize(
    "moment",
    ["cluster.new/PG_VERSION", "cluster.new/global/pg_control", "cluster.new/postmaster.pid",
     "passwords/pp_owner", "passwords/postgres", "cluster"],
)  # fmt: skip
async def test_a_first_start_that_is_killed_is_done_over(directory: Path, moment: str) -> None:
    """Killed while the cluster is made, at any step: the next start completes it."""
    first = launched(str(directory))
    wait_until((directory / moment).exists)
    kill(first)
    second = launched(str(directory))
    ready_postmaster(second)
    await assert_all_logins_work(directory)
    assert not (directory / "cluster.new").exists()
    end(second)


async def test_a_lost_password_is_made_anew(directory: Path) -> None:
    """A login whose password file is missing gets a new password at the next start."""
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
    lost = directory / "passwords" / LoginRole.VAULT.login
    before = lost.read_text()
    lost.unlink()
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        await assert_all_logins_work(directory)
    assert lost.read_text() != before


async def test_a_login_that_came_with_a_newer_program_is_made(directory: Path) -> None:
    """A cluster made before a login was thought of gets it at the next start, with its password."""
    new = LoginRole.ESCROW.login
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        async with pool.connected(cluster.superuser()) as connection:
            await connection.execute(f"DROP OWNED BY {new}")
            await connection.execute(f"DROP ROLE {new}")
    (directory / "passwords" / new).unlink()
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        await assert_all_logins_work(directory)


async def test_what_is_secret_is_private(directory: Path) -> None:
    """Passwords and data can be read by their owner alone."""
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        assert (directory / "passwords").stat().st_mode & 0o777 == 0o700
        assert (directory / "cluster").stat().st_mode & 0o777 == 0o700
        files = list((directory / "passwords").iterdir())
        assert len(files) == len(LoginRole) + 1
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def fingerprint(paths: list[Path]) -> list[object]:
    """Users of the machine, and owner and mode of every path and of all above it."""
    steps = {step for path in paths for step in [path, *path.parents]}
    modes = [(str(step), step.stat().st_mode, step.stat().st_uid) for step in sorted(steps)]
    return [Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes(), modes]


@pytest.mark.parametrize(
    "as_user",
    [
        None,
        pytest.param(f"--namespace {pwd.getpwnam('nobody').pw_uid}", marks=as_root),
        pytest.param("--namespace 12345", marks=as_root),
    ],
    ids=["whoever runs the tests", "not root", "not root and without a name"],
)
async def test_nothing_on_the_machine_is_changed(directory: Path, as_user: str | None) -> None:
    """A first start, as root and not, adds no user and changes no owner and no mode."""
    watched = [directory.parent, embedded.binaries()]
    before = fingerprint(watched)
    process = launched(str(directory), as_user=as_user)
    ready_postmaster(process)
    await write(directory, 1)
    end(process)
    assert fingerprint(watched) == before


@as_root
async def test_root_s_files_stay_root_s(directory: Path) -> None:
    """As root, every file of the cluster belongs to root, and the server has no capability."""
    with supervised(directory) as (cluster, postmaster):
        await cluster.wait_ready(postmaster)
        assert supervisor.owners(directory) == {0}
        assert int(supervisor.capabilities(postmaster.pid), 16) == 0
        assert supervisor.user_namespace(postmaster.pid) != supervisor.user_namespace("self")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory everybody may enter, in one only root may write to."""
    with tempfile.TemporaryDirectory(prefix="pp-test-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@as_root
async def test_without_namespaces_root_uses_nobody(open_directory: Path) -> None:
    """Where user namespaces are refused, PostgreSQL runs as nobody, also at the next start."""
    if any(not step.stat().st_mode & 0o001 for step in embedded.binaries().parents):
        pytest.skip("the checkout lies where nobody may not enter: refused, see the next test")
    directory = open_directory / "postgres"
    for options in (["--no-namespaces"], []):
        process = launched(str(directory), *options)
        postmaster = ready_postmaster(process)
        assert supervisor.owner_of(postmaster) == (directory / "cluster").stat().st_uid != 0
        await write(directory, 1)
        end(process)
    assert (directory / "passwords").stat().st_uid == 0


@as_root
async def test_a_closed_path_is_named(directory: Path) -> None:
    """Without namespaces and under a private directory the start fails and says which."""
    cluster = embedded.Cluster(directory, namespaces=False)
    with pytest.raises(Unavailable, match="database_user") as caught:
        cluster.prepare()
    cluster.close()
    closed = {supervisor.closed_to_others(path) for path in (embedded.binaries(), directory)}
    assert any(f"nobody may not enter {path}." in caught.value.detail for path in closed)
    assert "--data-dir" in caught.value.detail
    assert not (directory / "cluster").exists()


def test_a_cut_lifeline_ends_the_program() -> None:
    """Where the kernel tells nobody of a parent's death, the closed pipe does."""
    read, write_end = os.pipe()
    sleeper = subprocess.Popen(
        [
            *(sys.executable, "-I", "-S", launch.__file__, str(os.getpid())),
            *("--lifeline", str(read), "--", sys.executable, "-c"),
            "import time\nprint('up', flush=True)\nwhile True: time.sleep(1000)",
        ],
        pass_fds=[read],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    os.close(read)
    assert sleeper.stdout is not None
    assert sleeper.stdout.readline() == b"up\n"
    os.close(write_end)
    assert sleeper.wait(supervisor.PATIENCE_S) == -signal.SIGINT
    sleeper.stdout.close()


def test_a_child_of_a_dead_parent_does_not_start() -> None:
    """A launcher whose parent is already gone ends instead of running on alone."""
    orphaned = subprocess.run(
        [sys.executable, "-I", "-S", launch.__file__, "1", "--", "/bin/echo", "started"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert orphaned.returncode == launch.NOT_STARTED
    assert "started" not in orphaned.stdout


def test_a_server_is_shut_down_cleanly(directory: Path) -> None:
    """The first, polite signal ends the server: no recovery is needed afterwards."""
    with supervised(directory) as (cluster, postmaster):
        wait_until(lambda: cluster.is_ready(postmaster))
        cluster.stop(postmaster)
        assert postmaster.returncode == 0
