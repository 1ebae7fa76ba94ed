"""Keys and state as files: made once, checked, refused in one sentence when foreign or gone."""

from __future__ import annotations

import contextlib
import secrets
import stat
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from proxy.errors import Refused, Unavailable
from proxy.model.identifiers import RecordClass
from proxy.vault import (
    files,
    genesis,
    grants,
    keyfile,
    keyring,
    primitives,
    relay,
    rotation,
    seal,
    seal_evidence,
    upkeep,
)
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.support.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault after its first start."""
    with vaults.opened(tmp_path) as made:
        yield made


def again(vault: Vault) -> None:
    """What the next start does first."""
    genesis.initialise(vault.key_dir, vault.data_dir, now=vaults.START)


def test_first_start_makes_private_files(vault: Vault) -> None:
    """Every secret file is its owner's alone; nothing secret lies in the data directory."""
    for path in vault.key_dir.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert sorted(path.name for path in vault.data_dir.iterdir()) == [
        "ledger.vkey",
        "package.pem",
        "vault.pub",
    ]


def test_a_second_start_changes_nothing(vault: Vault) -> None:
    """Making keys again keeps every byte."""
    before = {path: path.read_bytes() for path in vault.key_dir.rglob("*.*") if path.is_file()}
    again(vault)
    assert before == {path: path.read_bytes() for path in before}


@pytest.mark.parametrize("place", range(1, 9))
def test_a_first_start_cut_short_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """A crash after any written file leaves something that the next start completes."""
    vault = vaults.Vault(tmp_path, vaults.StillClock())
    vault.key_dir.mkdir()
    vault.data_dir.mkdir()
    written = 0
    write = files.write

    def dying(*arguments: object) -> None:
        nonlocal written
        written += 1
        if written == place:
            raise KeyboardInterrupt
        write(*arguments)  # type: ignore[arg-type] # passed on as given

    monkeypatch.setattr(files, "write", dying)
    for _ in range(2):
        with contextlib.suppress(KeyboardInterrupt):
            again(vault)
    assert written >= place
    monkeypatch.undo()
    vault.make()
    vault.state.close()
    assert genesis.examine(vault.key_dir, vault.data_dir) is None


def test_examine_finds_nothing_wrong(vault: Vault) -> None:
    """Good keys give no finding."""
    assert genesis.examine(vault.key_dir, vault.data_dir) is None


def damage(vault: Vault, how: str) -> None:
    """Make the key directory wrong in one way."""
    inside = vault.key_dir / "vault"
    match how:
        case "root_gone":
            (inside / "root.key").unlink()
        case "root_foreign":
            (inside / "root.key").write_text(f"privacyproxy-root-v1 {'00' * 32}\n")
        case "root_garbage":
            (inside / "root.key").write_text("privacyproxy-root-v1 zz\n")
        case "keys_gone":
            (inside / "keys.json").unlink()
        case "keys_garbage":
            (inside / "keys.json").write_bytes(b"\xff{")
        case "keys_newer":
            keys = msgspec.json.decode((inside / "keys.json").read_bytes())
            (inside / "keys.json").write_bytes(msgspec.json.encode({**keys, "v": 2}))
        case "data_foreign":
            (vault.data_dir / "vault.pub").write_text(f"privacyproxy-vault-ed25519 {'11' * 32}\n")
        case _:
            raise AssertionError(how)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("root_gone", "is missing: put it back"),
        ("root_foreign", "is not the root key of this vault, whose check value is"),
        ("root_garbage", "is not the root key of this vault"),
        ("keys_gone", "put the key directory back"),
        ("keys_garbage", "is damaged"),
        ("keys_newer", "of another version"),
        ("data_foreign", "give the right one with --key-dir"),
    ],
)
def test_wrong_keys_are_said_in_a_sentence(vault: Vault, how: str, says: str) -> None:
    """`up` and `doctor` name what is wrong and what to do."""
    damage(vault, how)
    with pytest.raises(Unavailable) as fault:
        again(vault)
    assert says in fault.value.detail
    assert says in str(genesis.examine(vault.key_dir, vault.data_dir)) or how == "keys_gone"


def test_examine_names_a_readable_key_file(vault: Vault) -> None:
    """A key file that others may read is a finding."""
    (vault.key_dir / "vault" / "root.key").chmod(0o644)
    assert "chmod 600" in str(genesis.examine(vault.key_dir, vault.data_dir))


def test_examine_says_when_it_may_not_read(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's key directory is a sentence, not a traceback."""

    def refuse(*_: object) -> bytes:
        raise PermissionError

    monkeypatch.setattr(files, "read", refuse)
    assert "can not be read by this user" in str(genesis.examine(vault.key_dir, vault.data_dir))


def test_a_keyring_needs_its_file(tmp_path: Path, vault: Vault) -> None:
    """No file, or one whose keys are wrapped by another root, is Unavailable."""
    with pytest.raises(Unavailable, match="key_file"):
        keyring.open_keyring(tmp_path)
    inside = vault.key_dir / "vault"
    keys = keyfile.parse((inside / "keys.json").read_bytes())
    broken = {**keys.secrets, keyfile.Secret.BLIND: bytes(40)}
    swapped = msgspec.structs.replace(keys, secrets=broken)
    (inside / "keys.json").write_bytes(keyfile.render(swapped))
    with pytest.raises(Unavailable, match="key_file"):
        keyring.open_keyring(inside)


def test_a_new_root_keeps_every_key(vault: Vault) -> None:
    """After a change of root the same records open, and the old root opens nothing."""
    old = (vault.key_dir / "vault" / "root.key").read_bytes()
    dek = secrets.token_bytes(32)
    wrapped = vault.ring.wrap_dek(RecordClass.REACH, 1, dek)
    vault.ring.begin_epochs(tuple(RecordClass), vaults.START, secrets.token_bytes)
    vault.ring.change_epochs(
        lambda one: msgspec.structs.replace(one, wrapped=None) if one.epoch == 2 else one
    )
    vault.ring.change_root(secrets.token_bytes)
    opened = keyring.open_keyring(vault.key_dir / "vault")
    assert opened.unwrap_dek(RecordClass.REACH, 1, wrapped) == dek
    assert opened.file.signers == vault.ring.signers
    (vault.key_dir / "vault" / "root.key").write_bytes(old)
    with pytest.raises(Unavailable, match="root_foreign"):
        keyring.open_keyring(vault.key_dir / "vault")


def test_intake_keys_are_renewed_daily_and_forgotten(vault: Vault) -> None:
    """A day-old key is replaced; a destroyed one opens nothing."""
    random = secrets.token_bytes
    first = upkeep.current_intake(vault.ring, vaults.START, random)
    assert upkeep.current_intake(vault.ring, vaults.START + timedelta(hours=23), random) == first
    second = upkeep.current_intake(vault.ring, vaults.START + timedelta(days=1), random)
    assert second.id > first.id
    cycle = timedelta(days=35)
    assert upkeep.expired_intake(vault.ring, vaults.START + timedelta(days=37), cycle) == []
    late = vaults.START + timedelta(days=38)
    assert upkeep.expired_intake(vault.ring, late, cycle) == [first.id]
    vault.ring.destroy_intake(frozenset({first.id}))
    vault.ring.destroy_intake(frozenset())
    with pytest.raises(Refused, match="intake_key_unknown"):
        vault.ring.intake_private(first.id)
    assert vault.ring.newest_intake() == second


def test_epochs_come_monthly_and_go_after_the_backups(vault: Vault) -> None:
    """An old epoch is destroyed once no record was under it for a backup cycle, not before."""
    ring, cycle, reach = vault.ring, timedelta(days=35), RecordClass.REACH
    assert not upkeep.is_epoch_due(ring, vaults.START + timedelta(days=29))
    month = vaults.START + timedelta(days=30)
    assert upkeep.is_epoch_due(ring, month)
    ring.begin_epochs(tuple(RecordClass), month, secrets.token_bytes)
    in_use = {(reach, 1)}
    upkeep.age_epochs(ring, in_use, month, cycle)
    marks = {(one.record_class, one.epoch): one.emptied_at for one in ring.file.epochs}
    assert marks[reach, 1] is None
    assert marks[RecordClass.IDENTITY, 1] == month
    assert marks[reach, 2] is None
    upkeep.age_epochs(ring, set(), month, cycle)
    upkeep.age_epochs(ring, in_use, month + cycle, cycle)
    upkeep.age_epochs(ring, set(), month + cycle, cycle)
    wrapped = ring.wrap_dek(reach, 1, bytes(32))
    assert ring.unwrap_dek(reach, 1, wrapped) == bytes(32)
    upkeep.age_epochs(ring, set(), month + 2 * cycle, cycle)
    with pytest.raises(Refused, match="epoch_unknown"):
        ring.unwrap_dek(reach, 1, wrapped)
    upkeep.age_epochs(ring, set(), month + 3 * cycle, cycle)
    gone = [one for one in ring.file.epochs if one.epoch == 1]
    assert all(one.wrapped is None and one.emptied_at is not None for one in gone)


def test_a_destroyed_epoch_stays_as_it_is() -> None:
    """What is destroyed is never marked again, even if a row claims to be under it."""
    gone = keyfile.Epoch(
        record_class=RecordClass.REACH, epoch=1, created_at=vaults.START, wrapped=None,
        emptied_at=vaults.START,
    )  # fmt: skip
    for in_use in (False, True):
        assert rotation.marked_or_destroyed(
            gone, newest=2, in_use=in_use, now=vaults.START, backup_cycle=timedelta(0)
        ) == gone  # fmt: skip


def test_every_opening_has_a_budget() -> None:
    """Nothing is opened without a limit; the grants without one open nothing by themselves."""
    one = grants.Grant
    opens_nothing = {
        one.MANAGE, one.PROVE, one.READ, one.SUBMIT, one.VOTE, one.CARRY_OUT, one.PROPOSE,
        one.HOLD, one.WITHDRAW,
    }  # fmt: skip
    assert set(grants.BUDGETS) == set(one) - opens_nothing


def test_a_budget_for_each_is_counted_apart(vault: Vault) -> None:
    """With `each`, one alias's messages do not eat another's, and old spans go for all of them."""
    budget, later = grants.Budget(most=1), vaults.START + timedelta(hours=1)

    def spend(each: str, whom: bytes, now: datetime = vaults.START) -> bool:
        return grants.spend_from(vault.state, "test", budget, whom, now, each=each)

    assert spend("one", b"a")
    assert not spend("one", b"b")
    assert spend("other", b"b")
    assert spend("one", b"a")  # the same again is free
    assert spend("one", b"b", later)
    with vault.state._environment.begin(db=vault.state._tables[b"budgets"]) as transaction:
        assert transaction.stat(vault.state._tables[b"budgets"])["entries"] == 2


def test_what_passes_is_forgotten(vault: Vault) -> None:
    """A value is there until its time is over, across a restart, and its key is free after it."""
    now, until = vaults.START, vaults.START + timedelta(minutes=5)
    vault.state.passing.put(b"value", b"x", until, now)
    assert vault.state.passing.claim(b"key", until, now)
    vault.state.close()
    vault.open()
    assert vault.state.passing.get(b"value", until) == b"x"
    assert not vault.state.passing.claim(b"key", until, until)
    after = until + timedelta(seconds=1)
    assert vault.state.passing.get(b"value", after) is None
    assert vault.state.passing.claim(b"key", after, after)
    with vault.state._environment.begin(db=vault.state._tables[b"passing"]) as transaction:
        assert transaction.stat(vault.state._tables[b"passing"])["entries"] == 1


def test_keys_of_before_the_relay_get_its_key_pair(vault: Vault) -> None:
    """A key file without the relay's public half gets one at the next start, and keeps it."""
    path, private = vault.key_dir / "vault" / "keys.json", vault.key_dir / "relay" / "relay.json"
    older = msgspec.json.decode(path.read_bytes())
    assert older.pop("relay_public")
    path.write_bytes(msgspec.json.encode(older))
    private.unlink()
    private.parent.rmdir()
    assert keyfile.parse(path.read_bytes()).relay_public is None
    again(vault)
    made = keyfile.parse(path.read_bytes()).relay_public
    assert made == primitives.x25519_public(relay.load_key(private))
    private.unlink()  # moved to the relay's own host
    again(vault)
    assert keyfile.parse(path.read_bytes()).relay_public == made
    assert not private.exists()


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"private_key":"AA=="}', b"\xff"])
def test_a_damaged_relay_key_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A relay that can not read its key says which file."""
    path = tmp_path / "relay.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unavailable) as fault:
        relay.load_key(path)
    assert fault.value.code == "relay_key"
    assert str(path) in fault.value.detail


def test_keys_of_before_cases_get_a_web_signer(vault: Vault) -> None:
    """A key file without one gets it at the next start, also after a crash, and keeps it."""
    path, web = vault.key_dir / "vault" / "keys.json", vault.key_dir / "web" / "web.json"

    def signers() -> set[str]:
        return {one for one in keyfile.parse(path.read_bytes()).signers if one.startswith("web-")}

    made = seal_evidence.load_keys(web)
    assert signers() == {made.signer_id}
    assert web.stat().st_mode & 0o777 == 0o600
    older = msgspec.json.decode(path.read_bytes())
    del older["signers"][made.signer_id]
    path.write_bytes(msgspec.json.encode(older))
    again(vault)  # as after a crash: the web role's file is there already
    assert signers() == {made.signer_id}
    assert keyfile.parse(path.read_bytes()).signers[made.signer_id] == primitives.ed25519_public(
        made.signing_key
    )
    web.unlink()  # moved to the web role's own host
    again(vault)
    assert not web.exists()
    older = msgspec.json.decode(path.read_bytes())
    del older["signers"][made.signer_id]
    path.write_bytes(msgspec.json.encode(older))
    posing = seal_evidence.WebKeys(signer_id="api-1", signing_key=made.signing_key)
    web.write_bytes(seal_evidence.render_keys(posing))
    with pytest.raises(Unavailable, match="web_keys"):
        again(vault)


def test_api_host_files_are_checked(vault: Vault, tmp_path: Path) -> None:
    """A missing or damaged file of an API host is Unavailable and names the file."""
    bad = tmp_path / "bad"
    for content in (None, b"", b"{}", b"\xff", b"a b", b"privacyproxy-vault-ed25519 00",
                    b'{"signer_id":"x","signing_key":"AA=="}',
                    b'{"signer_id":"x","signing_key":"AA==","mac_key":"AA=="}'):  # fmt: skip
        if content is not None:
            bad.write_bytes(content)
        for load in (seal.load_api_keys, seal.load_pin, seal_evidence.load_keys):
            with pytest.raises(Unavailable) as fault:
                load(bad)
            assert str(bad) in fault.value.detail
    assert len(seal.load_pin(vault.data_dir / "vault.pub")) == 32


def test_files_are_whole_or_absent(tmp_path: Path) -> None:
    """Replacing keeps no temporary file; destroying what is absent is no fault."""
    path = tmp_path / "file"
    files.write(path, b"one")
    files.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]
    files.destroy(path)
    files.destroy(path)
    assert files.read(path, 10) is None


def test_a_checked_intake_key_is_checked_once(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signature of an intake key costs the first batch alone."""
    sealer = vault.sealer()
    sealer.seal([vaults.to_seal()])
    monkeypatch.setattr(primitives, "is_signed", None)
    assert sealer.seal([vaults.to_seal()]).records
