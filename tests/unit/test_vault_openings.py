"""What an opening does with records and keys that can not be: a code, and nothing shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from proxy.errors import InvalidInput, Refused
from proxy.model.identifiers import RecordClass
from proxy.model.sealed import SealedRecord
from proxy.vault import openings, relay, unseal
from proxy.wire import search_document
from tests.support import openings as support
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.vault import Vault

LONG = relay.Address(email="ä" * 700 + "@long.example", language="de")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault after its first start."""
    with vaults.opened(tmp_path) as made:
        yield made


def test_an_address_that_does_not_fit_is_refused(vault: Vault) -> None:
    """A blob has one length; what would need a longer one is not sent."""
    vaulted = openings.VaultOpenings(vault.ring, vault.state)
    with pytest.raises(Refused) as refusal:
        vaulted.seal_address(LONG, alias="a", message="m")
    assert refusal.value.code == "relay_address"


def test_the_longest_address_fits(vault: Vault) -> None:
    """254 characters of four octets each, and the longest language, fit."""
    long = relay.Address(email="\U00010348" * 254, language="x" * 35)
    blob = openings.VaultOpenings(vault.ring, vault.state).seal_address(
        long, alias="a", message="m"
    )
    private = relay.load_key(vault.key_dir / "relay" / "relay.json")
    assert relay.open_address(private, blob, alias="a", message="m") == long


def test_without_an_enrolled_relay_nothing_is_sealed(vault: Vault) -> None:
    """Keys of before the relay give no blob."""
    vault.ring._file = msgspec.structs.replace(vault.ring.file, relay_public=None)
    with pytest.raises(Refused) as refusal:
        openings.VaultOpenings(vault.ring, vault.state).seal_address(LONG, alias="a", message="m")
    assert refusal.value.code == "relay_key"


def test_a_plaintext_of_another_form_is_a_code(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What opens and is not contacts is refused by a code, never shown."""
    monkeypatch.setattr(unseal.Opener, "open", lambda *_, **__: b"[]")
    vaulted, item = openings.VaultOpenings(vault.ring, vault.state), vaults.to_seal()
    name = support.named(item, RecordClass.REACH)
    row = SealedRecord(name=name, record=b"", wrapped_dek=b"")
    with pytest.raises(Refused) as of_reach:
        vaulted.address(name, row)
    with pytest.raises(Refused) as of_identity:
        vaulted.confirm(name, row, b"")
    assert {of_reach.value.code, of_identity.value.code} == {"plaintext_malformed"}


def test_shapes_of_private_values_do_not_show_them() -> None:
    """Key, address and search value stay out of every repr."""
    shapes = (
        relay._RelayFile(private_key=b"secret"),
        relay._Plain(email="secret", v=1),
        relay.Address(email="secret", language="secret"),
        support.search(value="secret", reason="secret"),
        search_document._Shape(
            type="privacyproxy search", v=1, deployment="", id="", tenant="", field="email",
            value="secret", reason="secret", at="",
        ),
    )  # fmt: skip
    assert "secret" not in repr(shapes)


def test_an_id_has_one_form() -> None:
    """A UUID in another spelling is no id of a search."""
    good = search_document.render(support.search())
    for wrong in (good.replace('"id":"', '"id":"urn:uuid:'), good.replace('"id":"', '"id":"x')):
        with pytest.raises(InvalidInput) as fault:
            search_document.parse(wrong)
        assert fault.value.code == "document_malformed"
