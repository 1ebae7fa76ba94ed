"""What surrounds processes, without starting any: deaths, boot documents, directories, users."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from proxy import settings as settings_module
from proxy.errors import Conflict, InvalidInput, Refused, Unavailable
from proxy.hosting import boot, database, directory, isolation
from proxy.hosting.boot import Boot, Login
from proxy.hosting.process import Paths
from proxy.run import installation, roles
from proxy.run.cli import run
from proxy.run.deaths import Deaths
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from pathlib import Path


def test_the_fifth_death_in_a_minute_is_too_many() -> None:
    """Five deaths of one role within sixty seconds end the service; four do not."""
    deaths = Deaths()
    rounds = [deaths.add("api", 0, now_s) for now_s in (0.0, 10.0, 20.0, 30.0, 59.0)]
    assert rounds == [1, 2, 3, 4, 5]
    assert [Deaths.are_too_many(count) for count in rounds] == [False] * 4 + [True]


def test_deaths_are_forgotten_after_a_minute() -> None:
    """A death every twenty seconds goes on for ever."""
    deaths = Deaths()
    assert max(deaths.add("api", 0, now_s) for now_s in range(0, 600, 20)) == 3


def test_workers_that_die_together_count_once() -> None:
    """Eight workers killed at one blow are one round; the same worker twice is two."""
    deaths = Deaths()
    assert [deaths.add("edge", index, 0.1 * index) for index in range(8)] == [1] * 8
    assert deaths.add("edge", 0, 0.9) == 2


def test_roles_die_apart() -> None:
    """One role's deaths do not count against another."""
    deaths = Deaths()
    deaths.add("api", 0, 0.0)
    assert deaths.add("vault", 0, 0.0) == 1


def test_delays_double_up_to_five_seconds() -> None:
    """The pause before a restart grows and stays bounded."""
    assert [Deaths.delay_s(count) for count in (1, 2, 3, 20)] == [0.1, 0.2, 0.4, 5.0]


def _boot(tmp_path: Path) -> Boot:
    login = Login(host="/run/x", port=5432, user="pp_api", password="p", database="d", authority="")
    return Boot(
        role="api",
        index=1,
        parent=7,
        control=8,
        sockets={"api": (9, 10)},
        users={"api": 1001, "operator": 0},
        drop_to=1001,
        settings=settings_module.read(config=None, environ={}, flags={"data_dir": str(tmp_path)}),
        login=login,
        paths=Paths(
            data_dir=tmp_path, key_dir=tmp_path, run_dir=tmp_path, scratch_dir=tmp_path / "s"
        ),
    )


def test_a_boot_document_arrives_as_it_was_sent(tmp_path: Path) -> None:
    """A process reads from its descriptor exactly what the supervisor meant."""
    sent = _boot(tmp_path)
    assert boot.receive(boot.pipe(sent)) == sent


def test_a_password_is_not_in_a_repr(tmp_path: Path) -> None:
    """What a process logs in with shows no password."""
    login = _boot(tmp_path).login
    assert login is not None
    access = boot.access({**login, "password": "swordfish"})
    assert "swordfish" not in repr(access)


def test_a_directory_has_one_holder(tmp_path: Path) -> None:
    """A second holder is refused with the first one's process id."""
    held = directory.hold(tmp_path)
    with pytest.raises(Conflict) as caught:
        directory.hold(tmp_path)
    assert str(os.getpid()) in caught.value.detail
    for descriptor in (held.own, held.inherited):
        os.close(descriptor)
    again = directory.hold(tmp_path)
    for descriptor in (again.own, again.inherited):
        os.close(descriptor)


def test_a_demo_refuses_what_is_not_its_own(tmp_path: Path) -> None:
    """--demo takes an empty directory, a missing one and an earlier demo's, nothing else."""
    directory.check_demo(tmp_path / "missing")
    directory.check_demo(tmp_path)
    (tmp_path / "something").touch()
    with pytest.raises(Refused):
        directory.check_demo(tmp_path)
    directory.mark_demo(tmp_path, {"registrar": "x"})
    directory.check_demo(tmp_path)
    assert directory.demo(tmp_path) == {"registrar": "x"}


def test_a_closed_directory_is_named(tmp_path: Path) -> None:
    """The first directory that a foreign user may not enter is found, however deep the path."""
    tmp_path.chmod(0o700)
    assert isolation.closed_path(tmp_path / "a" / "b") is not None
    assert isolation.closed_path(isolation.code_paths()[0].__class__("/usr")) is None


def test_users_follow_roles(tmp_path: Path) -> None:
    """Every role and the operator have a user; separate ones only where we are root."""
    settings = settings_module.read(config=None, environ={}, flags={"data_dir": str(tmp_path)})
    users = installation.choose_users(settings, roles.GROUPS["vault"])
    assert set(users.ids) == {*roles.ROLES, "operator"}
    assert users.are_separate or users.warning
    if users.are_separate:
        assert (
            len(
                {
                    users.ids[name]
                    for name in ("vault", "api", "web", "worker", "edge", "relay", "escrow")
                }
            )
            == 7
        )


def test_every_group_is_offered_and_found(tmp_path: Path) -> None:
    """What `run ROLE` takes is what the table starts, and each tells the command line of itself."""
    assert {"up", *run.GROUPS} == set(roles.GROUPS)
    for name in roles.GROUPS:
        directory.tell_running(tmp_path, {name: True}, name)
    assert set(directory.running(tmp_path)) == set(roles.GROUPS)


def test_a_vault_of_another_supervisor_is_found(tmp_path: Path) -> None:
    """The vault's sockets are looked for where its supervisor told, unless that place is gone."""
    own, vaults = tmp_path / "own", tmp_path / "vaults"
    assert directory.vault_run_dir(tmp_path, own) == own
    directory.tell_running(tmp_path, {"run_dir": str(vaults)}, "vault")
    directory.tell_running(tmp_path, {"run_dir": str(own)}, "escrow")
    assert directory.vault_run_dir(tmp_path, own) == own
    vaults.mkdir()
    assert directory.vault_run_dir(tmp_path, own) == vaults


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_strangers_directory_is_not_taken_for_the_vaults(tmp_path: Path) -> None:
    """Sockets are believed in a directory of root's or our own user's only."""
    vaults = tmp_path / "vaults"
    vaults.mkdir()
    directory.tell_running(tmp_path, {"run_dir": str(vaults)}, "vault")
    os.chown(vaults, 59_999, -1)
    assert directory.vault_run_dir(tmp_path, tmp_path / "own") == tmp_path / "own"


def test_a_role_has_its_own_directories_and_user() -> None:
    """No directory has two owners, and only the edge and its follower share a user."""
    owned = [place for role in roles.ROLES.values() for place in role.owns]
    assert len(owned) == len(set(owned))
    users = [role.user_offset for role in roles.ROLES.values() if role.name != "follower"]
    assert len(users) == len(set(users))


def test_nobody_here_serves_a_program_beside_us() -> None:
    """A role whose code is no part of the package is started by its own name, never as ours."""
    apart = [role for role in roles.ROLES.values() if role.program]
    assert [role.program for role in apart] == [("escrow", "serve")]
    for role in apart:
        with pytest.raises(InvalidInput):
            roles.server(role.name)


def _by_url(tmp_path: Path, url: str) -> Login:
    settings = settings_module.read(
        config=None,
        environ={"PRIVACYPROXY_DATABASE_URL": url},
        flags={"data_dir": str(tmp_path / "data"), "database_password_dir": str(tmp_path)},
    )
    return database.login(settings, LoginRole.API)


def test_a_database_by_url_takes_passwords_from_files(tmp_path: Path) -> None:
    """Host, port and name come from the URL, the password from the login's own file."""
    (tmp_path / "pp_api").write_text("word\n")
    found = _by_url(tmp_path, "postgresql://db.example:6432/names?sslmode=verify-full")
    assert (found["host"], found["port"], found["database"]) == ("db.example", 6432, "names")
    assert (found["user"], found["password"]) == ("pp_api", "word")
    assert _by_url(tmp_path, "postgresql:///names?host=/run/pg")["host"] == "/run/pg"


@pytest.mark.parametrize("mode", ["disable", "require", "prefer"])
def test_an_unproven_database_server_is_refused(tmp_path: Path, mode: str) -> None:
    """Over TCP the server must prove itself: no weaker sslmode is taken."""
    (tmp_path / "pp_api").write_text("word")
    with pytest.raises(InvalidInput):
        _by_url(tmp_path, f"postgresql://db.example/names?sslmode={mode}")


def test_a_missing_password_file_is_named(tmp_path: Path) -> None:
    """The sentence names the file and the login."""
    with pytest.raises(Unavailable) as caught:
        _by_url(tmp_path, "postgresql://db.example/names")
    assert str(tmp_path / "pp_api") in caught.value.detail
