from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from proxy.errors import InvalidInput, ProxyError, Refused
from proxy.model.identifiers import TenantId
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.vault import leaf, receipt, tree
from tests.support import ledger as logs

ENTRY = LedgerEntry(
    id=LedgerEntryId(UUID(int=12)),
    tenant_id=TenantId(UUID(int=3)),
    subject="a registration",
    kind="erased",
    facts={"version": 3, "note": "\u00e9", "held": False},
    at=datetime(2026, 11, 1, 12, 0, 0, 5, tzinfo=UTC),
)
CONTENT = leaf.canonical(ENTRY)
SALT = bytes(range(32))
INDEX = 260
COMMITMENTS = logs.leaves(300)
COMMITMENTS[INDEX] = leaf.commitment(SALT, CONTENT)
LOG = logs.Log(COMMITMENTS)
GOOD = receipt.made(CONTENT, SALT, INDEX, LOG.signed(), tree.inclusion_proof(INDEX, 300, LOG.read))


def test_a_leaf_is_that_of_the_format() -> None:
    """Entry and commitment are the very octets that FORMAT.md says."""
    text = (
        '{"at":"2026-11-01T12:00:00.000005Z","facts":{"held":false,"note":"\u00e9","version":3},'
        '"id":"00000000-0000-0000-0000-00000000000c","kind":"erased","subject":"a registration",'
        '"tenant":"00000000-0000-0000-0000-000000000003","v":1}'
    )
    assert text.encode() == CONTENT
    assert leaf.parse(CONTENT) == ENTRY
    assert COMMITMENTS[INDEX] == hashlib.sha256(b"pp-ledger-leaf-v1\0" + SALT + CONTENT).digest()


def test_a_receipt_proves_its_entry() -> None:
    """A stranger with the log's key learns the entry, its place and the tree it stands in."""
    found = receipt.check(receipt.parse(receipt.render(GOOD)), logs.KEY)
    assert found.entry == ENTRY
    assert found.index == INDEX
    assert found.checkpoint == LOG.checkpoint()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"entry": CONTENT.decode().replace("erased", "opened")}, "proof_root"),
        ({"entry": CONTENT.decode().replace(":3", ": 3")}, "ledger_entry"),
        ({"entry": CONTENT.decode().replace('"v":1', '"v":2')}, "ledger_entry"),
        ({"entry": CONTENT.decode().replace('"v":1', '"v":1,"v":1')}, "ledger_entry"),
        ({"entry": CONTENT.decode().replace("erased", "erased\\n")}, "ledger_entry"),
        ({"entry": CONTENT.decode().replace("erased", "\u202eerased")}, "ledger_entry"),
        ({"entry": CONTENT.decode().replace("erased", "\x9b2J")}, "ledger_entry"),
        ({"entry": "{}"}, "ledger_entry"),
        ({"entry": "[" * 100_000}, "ledger_entry"),
        ({"entry": CONTENT.decode().replace("2026-11-01T", "2026-11-01 ")}, "ledger_entry"),
        ({"entry": CONTENT.decode().replace(":3", f":{1 << 60}")}, "ledger_entry"),
        ({"entry": "\ud800"}, "receipt_malformed"),
        ({"salt": bytes(32).hex()}, "proof_root"),
        ({"salt": SALT.hex() + CONTENT[:1].hex()}, "receipt_salt"),
        ({"salt": "zz"}, "receipt_malformed"),
        ({"index": 261}, "proof_root"),
        ({"index": 300}, "proof_index"),
        ({"index": -1}, "proof_index"),
        ({"proof": GOOD.proof[:-1]}, "proof_length"),
        ({"proof": GOOD.proof[::-1]}, "proof_root"),
        ({"checkpoint": LOG.signed(299)}, "proof_root"),
        ({"checkpoint": logs.signed(LOG.checkpoint(), bytes(32))}, "note_unsigned"),
        ({"checkpoint": LOG.signed().replace("\n300\n", "\n301\n")}, "note_signature"),
        ({"checkpoint": ""}, "note_malformed"),
    ],
)
def test_a_changed_receipt_proves_nothing(change: dict[str, object], code: str) -> None:
    """Whatever is changed, the reason is told."""
    changed = msgspec.structs.replace(GOOD, **change)
    with pytest.raises(ProxyError, match=f"^{code}$"):
        receipt.check(changed, logs.KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": "1"}, {"salt": "00"}, {"salt": SALT.hex().upper()}, {"proof": ["zz"]},
        {"proof": [GOOD.proof[0] + "\n"]}, {"index": 1.5}, {"index": True}, {"more": 1},
        {"entry": {}}, {"entry": "x" * (1 << 20)},
    ],
)  # fmt: skip
def test_what_is_no_receipt_is_refused(change: dict[str, object]) -> None:
    """Another version, another type, another spelling of hex or a member too many."""
    document = {**json.loads(receipt.render(GOOD)), **change}
    with pytest.raises(InvalidInput, match="receipt_malformed"):
        receipt.parse(json.dumps(document).encode())


def test_an_entry_without_a_rendering_has_no_leaf() -> None:
    """A number that JSON can not carry exactly is refused before anything is signed."""
    with pytest.raises(Refused, match="ledger_entry"):
        leaf.canonical(dataclasses.replace(ENTRY, facts={"count": 1 << 60}))


@pytest.mark.parametrize("octets", [b"", b"\xff", b"[", b"null", b"[" * 100_000])
def test_what_is_no_json_is_no_receipt(octets: bytes) -> None:
    """Octets of any kind give a refusal and nothing else."""
    with pytest.raises(InvalidInput, match="receipt_malformed"):
        receipt.parse(octets)
