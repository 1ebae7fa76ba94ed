"""Write-only intake: what the sealer checks, what it can not do, and what it never shows."""

from __future__ import annotations

import base64
import dataclasses
import secrets
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.model.case import CaseId, EvidenceId
from proxy.model.evidence import Header, Piece, ToSealPieces
from proxy.model.identifiers import Role, TenantId
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.model.sealed import Adopted, NotAdopted, RecordName
from proxy.vault import (
    blind,
    evidence,
    keyfile,
    leaf,
    ledger,
    note,
    persons,
    primitives,
    seal,
    seal_evidence,
    statements,
    unseal,
)
from proxy.vault.adoption import VaultAdopter
from tests.support import cases
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault after its first start."""
    with vaults.opened(tmp_path) as made:
        yield made


def test_a_batch_is_one_submission_of_two_records_each(vault: Vault) -> None:
    """One encapsulation, an identity and a reach record for every registration."""
    items = [vaults.to_seal() for _ in range(3)]
    batch = vault.sealer().seal(items)
    assert len(batch.submission.encapsulation) == 80
    assert {(one.name.registration_id, one.name.record_class.value) for one in batch.records} == {
        (item.registration_id, kind) for item in items for kind in ("identity", "reach")
    }
    answers = VaultAdopter(vault.ring, vault.state, vault.clock).adopt([batch])
    assert all(isinstance(one, Adopted) for one in answers)


def test_the_api_process_can_not_open(vault: Vault) -> None:
    """What the sealer's module brings into a process holds neither unseal nor keyring nor lmdb."""
    program = (
        "import sys, proxy.vault.seal; print([m for m in sys.modules if m in"
        " ('proxy.vault.unseal', 'proxy.vault.keyring', 'proxy.vault.keyfile', 'lmdb')])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    keys = seal.load_api_keys(vault.key_dir / "api" / "api.json")
    batch = vault.sealer().seal([vaults.to_seal()])
    for key in (keys.signing_key, keys.mac_key, seal.load_pin(vault.data_dir / "vault.pub")):
        with pytest.raises(Refused):
            unseal.unwrap_intake(
                AESGCM(key), batch.submission.id, batch.records[0].name, batch.records[0]
            )


@pytest.mark.parametrize("how", ["none", "early", "late", "unsigned", "foreign"])
def test_only_a_valid_intake_key_is_sealed_with(vault: Vault, how: str) -> None:
    """No key, out of its time, or not signed by the pinned vault: Unavailable, nothing sealed."""
    sealer = vault.sealer()
    sealer.seal([vaults.to_seal()])
    match how:
        case "none":
            sealer._submitter._current = lambda: None
        case "early":
            vault.clock.moment = vaults.START - timedelta(seconds=1)
        case "late":
            vault.clock.moment = vaults.START + timedelta(days=3)
        case "unsigned":
            vault.intake = dataclasses.replace(vault.intake, signature=bytes(64))
        case "foreign":
            public = primitives.x25519_public(secrets.token_bytes(32))
            vault.intake = dataclasses.replace(vault.intake, public_key=public)
        case _:
            raise AssertionError(how)
    with pytest.raises(Unavailable, match="intake_key"):
        sealer.seal([vaults.to_seal()])


def test_a_batch_is_one_tenants(vault: Vault) -> None:
    """Two tenants in one submission are a bug, not a batch."""
    other = dataclasses.replace(vaults.to_seal(), tenant_id=TenantId(uuid.uuid4()))
    with pytest.raises(ValueError, match="two_tenants"):
        vault.sealer().seal([vaults.to_seal(), other])


def test_fingerprints_tell_change_and_nothing_else(vault: Vault) -> None:
    """Equal for equal contacts of one registration; different for others, keys and tenants."""
    sealer, one = vault.sealer(), vaults.to_seal()
    made = sealer.fingerprint(one.tenant_id, one.registration_id, one.contacts)
    assert made == sealer.fingerprint(one.tenant_id, one.registration_id, vaults.contacts())
    assert len(made) == 32
    others = {
        sealer.fingerprint(one.tenant_id, one.registration_id, vaults.contacts("x")),
        sealer.fingerprint(one.tenant_id, vaults.to_seal().registration_id, one.contacts),
        sealer.body_mac(one.tenant_id, b""),
        sealer.body_mac(one.tenant_id, b"x"),
    }
    assert len(others) == 4
    assert made not in others


def test_submissions_can_not_be_moved(vault: Vault) -> None:
    """An honest submission under another id, tenant, signer or key is refused."""
    adopter = VaultAdopter(vault.ring, vault.state, vault.clock)
    batch = vault.sealer().seal([vaults.to_seal()])
    for changes in (
        {"id": uuid.uuid4()},
        {"tenant_id": uuid.uuid4()},
        {"intake_key_id": 1},
        {"encapsulation": bytes(80)},
    ):
        moved = dataclasses.replace(batch.submission, **changes)
        answers = adopter.adopt([dataclasses.replace(batch, submission=moved)])
        assert [one.reason for one in answers if isinstance(one, NotAdopted)] == ["signature"] * 2


def reasons_for(vault: Vault, **changes: object) -> list[str]:
    """Why nonsense that an API host signed is not adopted."""
    keys = seal.load_api_keys(vault.key_dir / "api" / "api.json")
    batch = vault.sealer().seal([vaults.to_seal()])
    one = dataclasses.replace(batch.submission, **changes)  # type: ignore[arg-type] # each caller names its own
    statement = statements.submission(
        one.tenant_id, one.id, one.intake_key_id, one.signer_id, one.encapsulation
    )
    one = dataclasses.replace(one, signature=primitives.sign(keys.signing_key, statement))
    answers = VaultAdopter(vault.ring, vault.state, vault.clock).adopt(
        [dataclasses.replace(batch, submission=one)]
    )
    return [one.reason for one in answers if isinstance(one, NotAdopted)]


def test_signed_nonsense_is_refused_too(vault: Vault) -> None:
    """A compromised API host's garbage fails by its own reason."""
    assert reasons_for(vault, intake_key_id=1) == ["intake_key_unknown"] * 2
    assert reasons_for(vault, encapsulation=bytes(80)) == ["encapsulation"] * 2
    assert reasons_for(vault, encapsulation=b"") == ["encapsulation"] * 2


def test_plaintext_that_is_no_contact_fails_by_name() -> None:
    """Another version or other JSON inside a true record is plaintext_malformed."""
    for text in (b'{"given":{},"same_as":{},"v":2}', b"[]", b"\xff", b'{"reach":{},"v":2}'):
        for parse in (persons.parse_identity, persons.parse_reach):
            with pytest.raises(InvalidInput, match="plaintext_malformed"):
                parse(text)


def test_other_classes_are_adopted_without_tokens(vault: Vault) -> None:
    """Only identity records are indexed."""
    batch = vault.sealer().seal([vaults.to_seal()])
    answers = VaultAdopter(vault.ring, vault.state, vault.clock).adopt([batch])
    tokens = {
        one.name.record_class.value: one.tokens for one in answers if isinstance(one, Adopted)
    }
    assert tokens["reach"] is None
    assert tokens["identity"]
    row = dataclasses.replace(batch.records[0], kek_epoch=None)
    with pytest.raises(Refused, match="not_adopted"):
        unseal.Opener(vault.ring, vault.state).dek(row.name, row)


def test_limits_are_kept() -> None:
    """Too long a plaintext or a submission is a bug that is not sealed."""
    with pytest.raises(ValueError, match="record_too_long"):
        primitives.seal_plaintext(bytes(32), bytes(12), bytes((1 << 20) + 1), b"")
    with pytest.raises(ValueError, match="submission_too_long"):
        primitives.wrap_for_intake(AESGCM(bytes(32)), 1 << 20, bytes(32), b"")
    assert not primitives.is_signed(b"short", b"", b"")


def test_no_repr_shows_a_person_or_a_key(vault: Vault) -> None:
    """Everything that travels hides its content when printed."""
    mark = "verysecretmark"
    item = vaults.to_seal(mark=mark)
    batch = vault.sealer().seal([item])
    plaintext = persons.render_identity(item.contacts)
    adopted = VaultAdopter(vault.ring, vault.state, vault.clock).adopt([batch])
    keys = seal.load_api_keys(vault.key_dir / "api" / "api.json")
    identity = persons._IDENTITY.decode(plaintext)
    reach = persons._REACH.decode(persons.render_reach(item.contacts))
    file = msgspec_api_file(vault)
    shown = "".join(
        f"{one!r} {one!s}"
        for one in (
            item, batch, adopted, keys, identity, reach, file, vault.ring, vault.ring._root,
            vault.state, vault.sealer(), vault.walls, persons.parse_identity(plaintext),
        )
    )  # fmt: skip
    assert mark not in shown
    for key in (keys.signing_key, keys.mac_key, vault.ring._root.key, *vault.ring._keks.values()):
        assert key.hex() not in shown
        assert repr(key)[2:-1] not in shown


def msgspec_api_file(vault: Vault) -> object:
    """The API's key file as parsed."""
    return msgspec.json.decode(
        (vault.key_dir / "api" / "api.json").read_bytes(), type=seal._ApiFile
    )


def entry(**facts: str | int | bool) -> LedgerEntry:
    """An entry of the ledger."""
    return LedgerEntry(
        id=LedgerEntryId(uuid.uuid4()), tenant_id=None, subject="s", kind="k", facts=facts,
        at=vaults.START,
    )  # fmt: skip


def test_ledger_batches_are_padded_to_size_classes(vault: Vault) -> None:
    """Nothing, one or nine entries look the same from outside; seventeen look like 57."""
    keeper = vault.walls.ledger
    for count, size in ((0, 16), (1, 16), (9, 16), (17, 64), (57, 64)):
        batch = keeper.prepare([entry() for _ in range(count)], vaults.START)
        assert (len(batch.leaves), len(batch.indexes)) == (size, count)
        assert {len(leaf) for leaf in batch.leaves} == {32}
        keeper.confirm(batch)
    assert keeper.frontier()[0] == 16 + 16 + 16 + 64 + 64


@pytest.mark.parametrize(
    ("number", "count", "size"),
    [(0, 16, 16), (1, 16, 64), (7, 9, 16), (7, 10, 64), (15, 10, 64), (8, 16, 16)],
)
def test_a_class_is_chosen_with_some_dummies(
    vault: Vault, number: int, count: int, size: int
) -> None:
    """Nought to seven are counted beside the entries: at a class's edge one entry tells little."""
    state, ring = vault.state, vault.ring

    def random(octets: int) -> bytes:
        return bytes([number]) if octets == 1 else secrets.token_bytes(octets)

    keeper = ledger.LedgerKeeper(ring, state, random)
    batch = keeper.prepare([entry() for _ in range(count)], vaults.START)
    assert (len(batch.leaves), len(batch.indexes)) == (size, count)


def test_the_largest_batch_stays_what_it_is(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dummies do not push a full batch over its limit."""
    monkeypatch.setattr(ledger, "SIZE_CLASSES", (4, 16))
    batch = vault.walls.ledger.prepare([entry() for _ in range(20)], vaults.START)
    assert (len(batch.leaves), len(batch.indexes)) == (16, 16)


def test_ledger_leaves_of_one_subject_differ(vault: Vault) -> None:
    """The same facts twice give two commitments; their places are shuffled."""
    one = entry(count=1)
    other = dataclasses.replace(one, id=LedgerEntryId(uuid.uuid4()))
    batch = vault.walls.ledger.prepare([one, other], vaults.START)
    assert len(set(batch.leaves)) == 16
    secret = vault.ring.subject_secret("s")
    for made in (one, other):
        wanted = leaf.commitment(ledger.salt(secret, made.id), leaf.canonical(made))
        assert batch.leaves[batch.indexes[made.id] - batch.first_index] == wanted
    assert vault.ring.subject_secret("t") != secret


def test_an_entry_without_a_canonical_form_waits_alone(vault: Vault) -> None:
    """A number outside RFC 8785 stops nobody else's leaf."""
    bad, good = entry(count=1 << 60), entry()
    with pytest.raises(Refused, match="ledger_entry"):
        leaf.canonical(bad)
    batch = vault.walls.ledger.prepare([bad, good], vaults.START)
    assert set(batch.indexes) == {good.id}


def test_one_batch_at_a_time(vault: Vault) -> None:
    """No second batch is signed before the first is confirmed, and no other one confirmed."""
    keeper = vault.walls.ledger
    batch = keeper.prepare([], vaults.START)
    with pytest.raises(Refused, match="unconfirmed"):
        keeper.prepare([], vaults.START)
    with pytest.raises(Refused, match="unknown"):
        keeper.confirm(dataclasses.replace(batch, note="other"))
    assert keeper.prepared() == batch
    keeper.confirm(batch)
    with pytest.raises(Refused, match="unknown"):
        keeper.confirm(batch)


def test_checkpoints_verify_with_the_published_key(vault: Vault) -> None:
    """The note in hand and DATA/ledger.vkey suffice to check a checkpoint."""
    batch = vault.walls.ledger.prepare([], vaults.START)
    name, key_id, encoded = (vault.data_dir / "ledger.vkey").read_text().strip().split("+", 2)
    key = base64.b64decode(encoded)
    text, _, signature_line = batch.note.partition("\n\n")
    dash, signer, blob = signature_line.strip().split(" ")
    octets = base64.b64decode(blob)
    assert (dash, signer, octets[:4].hex()) == ("\u2014", name, key_id)
    assert key[:1] == b"\x01"
    assert primitives.is_signed(key[1:], octets[4:], f"{text}\n".encode())
    assert text.splitlines()[:2] == [note.origin(key[1:]), "16"]


def test_blind_keys_are_per_tenant_and_field(vault: Vault) -> None:
    """Tokens of two tenants or two fields never meet."""
    keys = {
        vault.ring.blind_key(tenant, field)
        for tenant in (vaults.TENANT, TenantId(uuid.uuid4()))
        for field in blind.FIELDS
    }
    assert len(keys) == 8
    assert vault.ring.blind_key(vaults.TENANT, "email") in keys


def test_key_file_survives_rendering(vault: Vault) -> None:
    """parse(render(keys)) is keys."""
    assert keyfile.parse(keyfile.render(vault.ring.file)) == vault.ring.file


def test_a_name_is_a_key_of_mappings(vault: Vault) -> None:
    """Record names compare by value: the state and the services look them up."""
    one = vault.sealer().seal([vaults.to_seal()]).records[0].name
    same = RecordName(**{part: getattr(one, part) for part in RecordName.__dataclass_fields__})
    assert {one: 1}[same] == 1
    assert vaults.contacts().resolve(Role.ADMIN) is not None


def test_a_web_host_seals_evidence_and_nothing_else(vault: Vault) -> None:
    """Its key under a person's record is refused, and an API host's under evidence."""
    adopter = VaultAdopter(vault.ring, vault.state, vault.clock)
    piece = Piece(
        evidence_id=EvidenceId(uuid.uuid4()),
        index=0,
        is_last=True,
        header=Header(kind="letter", media_type="text/plain"),
        data=b"a letter",
    )
    case_id = CaseId(uuid.uuid4())
    given = ToSealPieces(tenant_id=vaults.TENANT, case_id=case_id, version=1, pieces=(piece,))
    web, api = cases.sealer(vault), vault.sealer()
    (adopted,) = adopter.adopt([web.seal(given)])
    assert isinstance(adopted, Adopted)
    assert (adopted.tokens, adopted.contacts) == (None, None)
    web._submitter, api._submitter = api._submitter, web._submitter
    for batch in (web.seal(given), api.seal([vaults.to_seal()])):
        answers = adopter.adopt([batch])
        assert {one.reason for one in answers if isinstance(one, NotAdopted)} == {"signer_class"}
        assert all(isinstance(one, NotAdopted) for one in answers)


def test_evidence_that_is_no_piece_is_not_adopted(vault: Vault) -> None:
    """A web process that fell can not have the vault keep what no reader could open."""
    web = cases.sealer(vault)
    name = evidence.record_name(vaults.TENANT, CaseId(uuid.uuid4()), 1)
    batch = web._submitter.submit(vaults.TENANT, [(name, b"no piece")])
    (answer,) = VaultAdopter(vault.ring, vault.state, vault.clock).adopt([batch])
    assert isinstance(answer, NotAdopted)
    assert answer.reason == "plaintext_malformed"
    assert "SECRET" not in repr(seal_evidence._WebFile("a", b"SECRET"))
