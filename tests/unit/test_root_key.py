"""The root key under a pass phrase: made, opened, changed, and found again after any crash."""

from __future__ import annotations

import itertools
import re
import secrets
from typing import TYPE_CHECKING

import pytest

from proxy.errors import InvalidInput, ProxyError, Unavailable
from proxy.model.identifiers import RecordClass
from proxy.vault import files, genesis, keyring, root_key
from proxy.vault.passwords import Cost
from proxy.vault.root_key import Provider, Wanted
from tests.support import vault as vaults
from tests.support.crash import crashing

if TYPE_CHECKING:
    from pathlib import Path

FIRST = "seven tall ships wait for the tide"
SECOND = "no harbour is quiet after midnight"
COST = Cost(memory_kib=64, passes=1)
WRAPPED = Wanted(provider=Provider.PASSPHRASE, phrase=FIRST)
WRAPPED_ANEW = Wanted(provider=Provider.PASSPHRASE, phrase=SECOND)
OPEN = Wanted()
WRITES = ((files, "write"), (files, "destroy"))


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_key, "COST", COST)


def start(base: Path, wanted: Wanted | None) -> Path:
    """What `up` does first; KEYDIR."""
    for name in ("keys", "data"):
        (base / name).mkdir(exist_ok=True)
    genesis.initialise(base / "keys", base / "data", now=vaults.START, wanted=wanted)
    return base / "keys"


def opened(keys: Path, phrase: str | None) -> keyring.Keyring:
    """The keyring as the vault's process opens it."""
    return keyring.open_keyring(keys / "vault", phrase)


def test_a_wrapped_root_stands_in_no_file(tmp_path: Path) -> None:
    """No file of the key directory holds the root or the phrase; cost and salt are recorded."""
    keys = start(tmp_path, WRAPPED)
    ring = opened(keys, FIRST)
    line = (keys / "vault" / "root.key").read_text()
    form = r"privacyproxy-root-argon2id-v1 m=64,t=1,p=1 [0-9a-f]{32} [0-9a-f]{16} [0-9a-f]{80}\n"
    assert re.fullmatch(form, line)
    assert (keys / "vault" / "root.key").stat().st_mode & 0o777 == 0o600
    assert ring.root_provider is Provider.PASSPHRASE
    for path in [one for one in tmp_path.rglob("*") if one.is_file()]:
        content = path.read_bytes()
        for secret in (ring._root.key, FIRST.encode()):
            assert secret not in content, path
            assert secret.hex().encode() not in content, path
    for shown in (repr(ring._root), repr(WRAPPED), repr(root_key.parse(keys / "vault/root.key"))):
        assert FIRST not in shown
        assert ring._root.key.hex() not in shown


def test_the_cost_is_the_one_that_is_argued(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside tests a guess costs 256 MiB and three passes."""
    monkeypatch.undo()
    assert Cost(memory_kib=262_144, passes=3) == root_key.COST


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (WRAPPED_ANEW, "root_passphrase"),
        (Wanted(provider=Provider.PASSPHRASE), "root_passphrase"),
        (Wanted(provider=Provider.PASSPHRASE, phrase=FIRST.upper()), "root_passphrase"),
        (OPEN, "root_passphrase"),
        (Wanted(phrase=FIRST), "root_provider"),
    ],
)
def test_a_wrong_phrase_or_provider_changes_nothing(
    tmp_path: Path, wanted: Wanted, code: str
) -> None:
    """Each is one sentence, and every octet of both directories stays."""
    keys = start(tmp_path, WRAPPED)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(Unavailable) as fault:
        start(tmp_path, wanted)
    assert fault.value.code == code
    assert FIRST not in fault.value.detail
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert opened(keys, FIRST).root_provider is Provider.PASSPHRASE


def test_an_open_root_is_not_wrapped_unasked(tmp_path: Path) -> None:
    """A setting alone changes no file: the start says which command does."""
    keys = start(tmp_path, OPEN)
    with pytest.raises(Unavailable, match="root_provider") as fault:
        start(tmp_path, WRAPPED)
    assert 'lies open, but root_provider is "passphrase"' in fault.value.detail
    assert "keys rewrap" in fault.value.detail
    assert opened(keys, None).root_provider is Provider.FILE


@pytest.mark.parametrize("phrase", [None, "", "too short", "a" * 40, "abcabcabcabcabcabcabcabc"])
def test_a_weak_phrase_makes_no_keys(tmp_path: Path, phrase: str | None) -> None:
    """Whoever steals the file guesses at leisure, so short and monotonous phrases are refused."""
    with pytest.raises(InvalidInput, match="root_passphrase_weak"):
        start(tmp_path, Wanted(provider=Provider.PASSPHRASE, phrase=phrase))
    assert not (tmp_path / "keys" / "vault" / "root.key").exists()
    start(tmp_path, WRAPPED)


def test_a_phrase_is_one_however_it_is_typed(tmp_path: Path) -> None:
    """Composed and decomposed letters are the same phrase."""
    composed, decomposed = "éclairs at the harbour wall", "e\u0301clairs at the harbour wall"
    assert composed != decomposed
    keys = start(tmp_path, Wanted(provider=Provider.PASSPHRASE, phrase=composed))
    assert opened(keys, decomposed).root_provider is Provider.PASSPHRASE


@pytest.mark.parametrize(
    "line",
    [
        "",
        "privacyproxy-root-argon2id-v2 {cost} {salt} {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 m=99999999,t=1,p=1 {salt} {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 m=9999999,t=1,p=1 {salt} {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 m=64,t=65,p=1 {salt} {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 m=64,t=0,p=1 {salt} {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 m=4,t=1,p=1 {salt} {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 m=64,t=1,p=99 {salt} {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 64 {salt} {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 {cost} {salt}00 {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 {cost} zz {check} {wrapped}",
        "privacyproxy-root-argon2id-v1 {cost} {salt} {check} {wrapped}00",
        "privacyproxy-root-argon2id-v1 {cost} {salt} {salt} {wrapped}",
        "privacyproxy-root-argon2id-v1 {cost} {salt} {check}",
        "privacyproxy-root-v1 {wrapped}",
    ],
)
def test_a_damaged_wrapped_file_is_no_root_of_ours(tmp_path: Path, line: str) -> None:
    """It is told as a foreign file is, before a pass phrase is tried or memory is taken."""
    keys = start(tmp_path, WRAPPED)
    path = keys / "vault" / "root.key"
    _, cost, salt, check, wrapped = path.read_text().split()
    path.write_text(line.format(cost=cost, salt=salt, check=check, wrapped=wrapped))
    with pytest.raises(Unavailable, match="root_foreign"):
        start(tmp_path, WRAPPED)
    assert "is not the root key of this vault" in str(genesis.examine(keys, tmp_path / "data"))


@pytest.mark.parametrize("part", [1, 2, 4])
def test_a_file_with_one_changed_part_opens_with_no_phrase(tmp_path: Path, part: int) -> None:
    """Cost, salt and wrapped root are bound to the phrase: what was changed fits none."""
    keys = start(tmp_path, WRAPPED)
    path = keys / "vault" / "root.key"
    words = path.read_text().split()
    last = words[part][-1]
    words[part] = f"{words[part][:-1]}{'2' if last != '2' else '3'}"
    path.write_text(" ".join(words))
    with pytest.raises(Unavailable, match="root_passphrase") as fault:
        start(tmp_path, WRAPPED)
    assert "if it is damaged" in fault.value.detail


def test_memory_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine too small for the cost is told how much is missing."""
    keys = start(tmp_path, WRAPPED)

    def refuse(**_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(root_key, "Argon2id", refuse)
    with pytest.raises(Unavailable, match="root_memory"):
        opened(keys, FIRST)


def test_doctor_sees_a_wrapped_root_with_and_without_its_phrase(tmp_path: Path) -> None:
    """Without the phrase the check value is compared, with it the root is opened."""
    keys, data = start(tmp_path, WRAPPED), tmp_path / "data"
    assert genesis.examine(keys, data) is None
    assert genesis.examine(keys, data, FIRST) is None
    assert "does not open" in str(genesis.examine(keys, data, SECOND))
    assert genesis.root_provider(keys) is Provider.PASSPHRASE
    other = start(make(tmp_path / "other"), WRAPPED)
    (keys / "vault" / "root.key").write_bytes((other / "vault" / "root.key").read_bytes())
    assert "is not the root key of this vault" in str(genesis.examine(keys, data))


def make(path: Path) -> Path:
    """The directory, made."""
    path.mkdir(exist_ok=True)
    return path


CHANGES = {
    "wrap": (OPEN, WRAPPED),
    "unwrap": (WRAPPED, OPEN),
    "change": (WRAPPED, WRAPPED_ANEW),
}


@pytest.mark.parametrize("new_first", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_a_rewrap_survives_a_kill_at_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, *, new_first: bool
) -> None:
    """Whenever it dies, the old phrase opens or the new one, and one more try ends it."""
    before, after = CHANGES[change]
    for place in itertools.count(1):
        base = make(tmp_path / str(place))
        keys = start(base, before)
        dek = secrets.token_bytes(32)
        wrapped = opened(keys, before.phrase).wrap_dek(RecordClass.REACH, 1, dek)
        with crashing(monkeypatch, place, WRITES) as crash:
            genesis.rewrap(keys, before.phrase, after)
        settled = _settled(base, *((after, before) if new_first else (before, after)))
        assert opened(keys, settled.phrase).unwrap_dek(RecordClass.REACH, 1, wrapped) == dek
        left = [one.name for one in (keys / "vault").iterdir() if "root.key" in one.name]
        assert left == ["root.key"], place
        if settled is before:
            genesis.rewrap(keys, before.phrase, after)
        start(base, after)
        if after.provider is Provider.PASSPHRASE:
            with pytest.raises(Unavailable, match="root_passphrase"):
                start(base, WRAPPED if after is WRAPPED_ANEW else WRAPPED_ANEW)
        if crash.passed < place:
            break
    assert place > 6, "the loop must have met real writes"


def _settled(base: Path, *tried: Wanted) -> Wanted:
    """The first of `tried` that a start takes."""
    for wanted in tried:
        try:
            start(base, wanted)
        except ProxyError:
            continue
        return wanted
    pytest.fail("neither opens")


@pytest.mark.parametrize("wanted", [OPEN, WRAPPED], ids=["open", "wrapped"])
def test_a_change_of_root_survives_a_kill_at_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: Wanted
) -> None:
    """Whenever the vault dies, the same phrase opens what is there, and every key is the same."""
    for place in itertools.count(1):
        base = make(tmp_path / str(place))
        keys = start(base, wanted)
        ring = opened(keys, wanted.phrase)
        old, dek = ring._root.key, secrets.token_bytes(32)
        wrapped = ring.wrap_dek(RecordClass.REACH, 1, dek)
        with crashing(monkeypatch, place, WRITES) as crash:
            ring.change_root(secrets.token_bytes)
        start(base, wanted)
        again = opened(keys, wanted.phrase)
        assert again.unwrap_dek(RecordClass.REACH, 1, wrapped) == dek
        assert again.root_provider is wanted.provider
        if crash.passed < place:
            assert again._root.key != old
            break
    assert place > 8


def test_a_half_destroyed_old_file_gives_way_to_the_new(tmp_path: Path) -> None:
    """A kill between overwriting and removing leaves octets of zero, and beside them the new."""
    keys = start(tmp_path, OPEN)
    vault = keys / "vault"
    root = opened(keys, None)._root
    root_key.place_next(vault, root_key.kept_as(root, WRAPPED, secrets.token_bytes))
    old = vault / "root.key"
    old.write_bytes(bytes(old.stat().st_size))
    assert genesis.root_provider(keys) is Provider.PASSPHRASE
    start(tmp_path, WRAPPED)
    assert opened(keys, FIRST)._root.key == root.key


def test_what_an_unfinished_write_left_is_destroyed(tmp_path: Path) -> None:
    """A temporary file with a root in it does not outlive the next start."""
    keys = start(tmp_path, WRAPPED)
    left = keys / "vault" / ".root.key.next.new"
    left.write_text(f"privacyproxy-root-v1 {opened(keys, FIRST)._root.key.hex()}\n")
    start(tmp_path, WRAPPED)
    assert not left.exists()


def test_a_first_start_cut_short_goes_on_with_its_phrase(tmp_path: Path) -> None:
    """A root without keys.json is taken up by the same phrase, and by no other way of keeping."""
    keys = start(tmp_path, WRAPPED)
    line = (keys / "vault" / "root.key").read_bytes()
    (keys / "vault" / "keys.json").unlink()
    for path in (tmp_path / "data").iterdir():
        path.unlink()
    for wanted in (OPEN, WRAPPED_ANEW):
        with pytest.raises(Unavailable):
            start(tmp_path, wanted)
    start(tmp_path, WRAPPED)
    assert (keys / "vault" / "root.key").read_bytes() == line
    assert opened(keys, FIRST).root_provider is Provider.PASSPHRASE
