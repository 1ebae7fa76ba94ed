"""Makes and reads the vault's vectors: one file is one scenario with one outcome.

`python -m tests.vectors.vault_vectors` writes them anew with the keys below, which are public.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.errors import InvalidInput, Refused
from proxy.model.case import EvidenceId
from proxy.model.evidence import Header, Piece
from proxy.model.identifiers import RecordClass, RegistrationId, SubmissionId, TenantId
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.model.sealed import RecordName, SealedRecord
from proxy.vault import (
    evidence,
    leaf,
    ledger,
    note,
    persons,
    primitives,
    record,
    seal,
    tree,
    unseal,
)
from tests.support import vault as vaults

FOLDER = Path(__file__).parent / "vault"
MANIFEST = FOLDER / "MANIFEST"
REGENERATE = "python -m tests.vectors.vault_vectors"

DEK = hashlib.sha256(b"dek").digest()
INTAKE = hashlib.sha256(b"intake").digest()
KEK = hashlib.sha256(b"kek").digest()
SUBMISSION = SubmissionId(UUID("01890000-0000-7000-8000-00000000000b"))
EVIDENCE = EvidenceId(UUID("01890000-0000-4000-8000-00000000000e"))
ASKED = {
    "tenant_id": "01890000-0000-7000-8000-000000000001",
    "registration_id": "01890000-0000-7000-8000-00000000000a",
    "class": "identity",
    "version": 3,
}
PLAINTEXT = b'{"given":{},"same_as":{},"v":1}'


def name_of(asked: dict[str, object]) -> RecordName:
    """The record's name in a vector."""
    return RecordName(
        tenant_id=TenantId(UUID(str(asked["tenant_id"]))),
        registration_id=RegistrationId(UUID(str(asked["registration_id"]))),
        record_class=RecordClass(str(asked["class"])),
        version=int(str(asked["version"])),
    )


def outcome(vector: dict[str, str | dict[str, object]]) -> str:
    """What the code makes of a vector's input: `opens HEX`, a hash, or a refusal's code."""
    given = {key: value for key, value in vector.items() if isinstance(value, str)}
    asked = vector.get("asked")
    try:
        match given["kind"]:
            case "record":
                assert isinstance(asked, dict)
                dek, data = bytes.fromhex(given["dek"]), bytes.fromhex(given["record"])
                return f"opens {unseal.open_record(dek, name_of(asked), data).hex()}"
            case "intake":
                assert isinstance(asked, dict)
                row = SealedRecord(
                    name=name_of(asked),
                    record=bytes.fromhex(given["record"]),
                    wrapped_dek=bytes.fromhex(given["wrapped"]),
                )
                cipher = AESGCM(bytes.fromhex(given["intake_key"]))
                submission = SubmissionId(UUID(given["submission"]))
                return f"opens {unseal.unwrap_intake(cipher, submission, row.name, row).hex()}"
            case "evidence":
                piece = evidence.parse(bytes.fromhex(given["plaintext"]))
                evidence.check(piece, EVIDENCE, int(given["index"]), int(given["records"]))
                assert piece.header is not None
                return f"piece {piece.data.hex()} {piece.header.name}"
            case "wrap":
                kek, dek = bytes.fromhex(given["kek"]), bytes.fromhex(given["dek"])
                return f"wraps {primitives.wrap(kek, dek).hex()}"
            case "leaf":
                entry = leaf.parse(given["entry"].encode())
                salt = ledger.salt(bytes.fromhex(given["subject_secret"]), entry.id)
                return f"leaf {leaf.commitment(salt, leaf.canonical(entry)).hex()}"
            case "tree":
                leaves = tuple(bytes.fromhex(one) for one in given["leaves"].split())
                return f"root {tree.Frontier().extended(leaves).root().hex()}"
            case kind:
                seed = bytes.fromhex(given["seed"])
                assert kind == "checkpoint"
                public = primitives.ed25519_public(seed)
                text = note.checkpoint_text(public, 3, bytes.fromhex(given["root"]))
                signed = note.signed(public, text, lambda octets: primitives.sign(seed, octets))
                return f"note {signed}"
    except (Refused, InvalidInput) as refusal:
        return f"refused {refusal.code}"


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def made() -> dict[str, dict[str, str | dict[str, object]]]:
    """Every vector by file name, with the outcome that the code gives now."""
    asked: dict[str, object] = dict(ASKED)
    header = record.render_header(name_of(asked), 1_700_000_000)
    data = seal.seal_record(DEK, bytes(range(12)), header, PLAINTEXT)
    good: dict[str, str | dict[str, object]] = {
        "kind": "record", "asked": asked, "dek": DEK.hex(), "record": data.hex(),
    }  # fmt: skip
    bound = record.intake_associated_data(SUBMISSION, header, primitives.sha256(data))
    wrapped = primitives.wrap_for_intake(AESGCM(INTAKE), 7, DEK, bound)
    intake: dict[str, str | dict[str, object]] = {
        "kind": "intake", "asked": asked, "intake_key": INTAKE.hex(), "record": data.hex(),
        "submission": str(SUBMISSION), "wrapped": wrapped.hex(),
    }  # fmt: skip
    entry = LedgerEntry(
        id=LedgerEntryId(UUID("01890000-0000-7000-8000-00000000000c")),
        tenant_id=vaults.TENANT,
        subject="01890000-0000-7000-8000-00000000000a",
        kind="erased",
        facts={"version": 3, "note": "é"},
        at=datetime(2026, 11, 1, 12, 0, 0, 5, tzinfo=UTC),
    )
    leaves = [hashlib.sha256(bytes([one])).hexdigest() for one in range(7)]
    root = tree.Frontier().extended(tuple(bytes.fromhex(one) for one in leaves[:3])).root()
    piece = Piece(
        evidence_id=EVIDENCE,
        index=0,
        is_last=True,
        header=Header(kind="letter", media_type="text/plain", name="é.txt"),
        data=b"Dear \0 all",
    )
    plain = persons.pad(evidence.render(piece))
    file: dict[str, str | dict[str, object]] = {
        "kind": "evidence", "plaintext": plain.hex(), "index": "0", "records": "1",
    }  # fmt: skip
    vectors: dict[str, dict[str, str | dict[str, object]]] = {
        "record-opens": good,
        "record-another-registration": {
            **good, "asked": {**asked, "registration_id": str(vaults.TENANT)},
        },
        "record-another-tenant": {**good, "asked": {**asked, "tenant_id": str(SUBMISSION)}},
        "record-another-class": {**good, "asked": {**asked, "class": "reach"}},
        "record-older-version": {**good, "asked": {**asked, "version": 2}},
        "record-another-dek": {**good, "dek": KEK.hex()},
        "record-ciphertext-flipped": {**good, "record": _flipped(data, 91).hex()},
        "record-tag-flipped": {**good, "record": _flipped(data, len(data) - 1).hex()},
        "record-nonce-flipped": {**good, "record": _flipped(data, 47).hex()},
        "record-commitment-flipped": {**good, "record": _flipped(data, 59).hex()},
        "record-key-epoch-flipped": {**good, "record": _flipped(data, 10).hex()},
        "record-unknown-format": {**good, "record": (b"\x02" + data[1:]).hex()},
        "record-unknown-suite": {**good, "record": (data[:1] + b"\x02" + data[2:]).hex()},
        "record-cut-short": {**good, "record": data[:106].hex()},
        "intake-opens": intake,
        "intake-another-submission": {**intake, "submission": str(vaults.TENANT)},
        "intake-another-version": {**intake, "asked": {**asked, "version": 4}},
        "intake-record-swapped": {**intake, "record": _flipped(data, 95).hex()},
        "intake-counter-changed": {**intake, "wrapped": _flipped(wrapped, 3).hex()},
        "intake-cut-short": {**intake, "wrapped": wrapped[:-1].hex()},
        "evidence-opens": file,
        "evidence-another-place": {**file, "index": "1", "records": "2"},
        "evidence-cut-short": {**file, "records": "2"},
        "evidence-of-another-file": {**file, "plaintext": _flipped(plain, 30).hex()},
        "evidence-longer-than-its-record": {**file, "plaintext": _flipped(plain, 39).hex()},
        "evidence-other-padding": {**file, "plaintext": _flipped(plain, len(plain) - 1).hex()},
        "dek-wrapped": {"kind": "wrap", "kek": KEK.hex(), "dek": DEK.hex()},
        "ledger-leaf": {
            "kind": "leaf", "subject_secret": KEK.hex(), "entry": leaf.canonical(entry).decode(),
        },
        "ledger-tree-empty": {"kind": "tree", "leaves": ""},
        "ledger-tree-seven": {"kind": "tree", "leaves": " ".join(leaves)},
        "ledger-checkpoint": {"kind": "checkpoint", "seed": DEK.hex(), "root": root.hex()},
    }  # fmt: skip
    return {name: {**one, "outcome": outcome(one)} for name, one in vectors.items()}


def main() -> None:
    """Write every vector and the manifest."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    lines = []
    for name, vector in sorted(made().items()):
        text = json.dumps(vector, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        (FOLDER / f"{name}.json").write_text(text)
        lines.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}.json\n")
    MANIFEST.write_text("".join(lines))


if __name__ == "__main__":
    main()
