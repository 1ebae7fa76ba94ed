"""The key of the own copy: some holders together open it, and a bad share is named."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pysequoia
import pytest

from escrow import recovery_key
from proxy.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from escrow.recovery_key import RecoveryKey


@pytest.fixture(scope="module")
def made() -> RecoveryKey:
    """Three shares, two of which open."""
    return recovery_key.make(2, 3, secrets.token_bytes)


def test_any_two_of_three_open_it(made: RecoveryKey) -> None:
    """What comes out is the secret half of the certificate, and decrypts what was sent to it."""
    certificate = pysequoia.Cert.from_bytes(made.certificate)
    message = pysequoia.encrypt(b"deposit", recipients=[certificate])
    for pair in ((0, 1), (2, 0), (1, 2)):
        key = recovery_key.recover(made.protected, [made.shares[number] for number in pair])
        decryptor = pysequoia.Tsk.from_bytes(key).decryptor()
        assert pysequoia.decrypt(message, decryptor).bytes == b"deposit"


def test_more_shares_than_needed_do(made: RecoveryKey) -> None:
    """Everybody may come."""
    assert recovery_key.recover(made.protected, made.shares)


def test_typing_is_forgiven_where_it_does_not_matter(made: RecoveryKey) -> None:
    """Capitals and spaces of a printed share."""
    typed = [f"  {share.upper().replace(' ', '   ')}\n" for share in made.shares[:2]]
    assert recovery_key.recover(made.protected, typed)


def test_it_never_ends(made: RecoveryKey) -> None:
    """An expired key could not open an old deposit."""
    assert pysequoia.Cert.from_bytes(made.certificate).expiration is None


@pytest.mark.parametrize(("threshold", "holders"), [(1, 1), (1, 3), (4, 3), (2, 17), (0, 0)])
def test_numbers_that_would_not_protect_are_refused(threshold: int, holders: int) -> None:
    """One holder alone, more needed than there are, more than SLIP-39 has."""
    with pytest.raises(InvalidInput) as refused:
        recovery_key.make(threshold, holders, secrets.token_bytes)
    assert refused.value.code == "escrow_recovery_holders"


def test_one_share_is_too_few(made: RecoveryKey) -> None:
    """The answer says how many are needed."""
    with pytest.raises(Refused) as refused:
        recovery_key.recover(made.protected, made.shares[:1])
    assert refused.value.code == "escrow_shares_too_few"
    assert "2 shares are needed, 1 were given" in refused.value.detail
    with pytest.raises(Refused):
        recovery_key.combine([])


@pytest.mark.parametrize("damage", ["word", "swap", "missing", "foreign word", "empty"])
def test_a_mistyped_share_is_named_and_not_shown(made: RecoveryKey, damage: str) -> None:
    """The second of three is bad; the message holds its number and none of its words."""
    words = made.shares[1].split()
    other = "academic" if words[10] != "academic" else "acid"
    bad = {
        "word": [*words[:10], other, *words[11:]],
        "swap": [*words[:-2], words[-1] + "x", words[-2]],
        "missing": words[:-1],
        "foreign word": [*words[:-1], "quux"],
        "empty": [],
    }[damage]
    with pytest.raises(InvalidInput) as refused:
        recovery_key.recover(made.protected, [made.shares[0], " ".join(bad), made.shares[2]])
    assert refused.value.code == "escrow_share_mistyped"
    assert [fault.pointer for fault in refused.value.faults] == ["/1"]
    assert refused.value.detail.startswith("Share 2 ")
    assert not any(word in refused.value.detail.split() for word in words[:10])


def test_a_share_of_another_key_is_named(made: RecoveryKey) -> None:
    """The one that differs from the others."""
    other = recovery_key.make(2, 3, secrets.token_bytes)
    with pytest.raises(InvalidInput) as refused:
        recovery_key.combine([made.shares[0], made.shares[1], other.shares[2]])
    assert refused.value.code == "escrow_share_foreign"
    assert refused.value.detail.startswith("Share 3 ")


def test_a_share_counts_once(made: RecoveryKey) -> None:
    """The same share twice is no second holder."""
    with pytest.raises(InvalidInput) as refused:
        recovery_key.combine([made.shares[0], made.shares[0]])
    assert refused.value.code == "escrow_share_repeated"
    assert refused.value.detail.startswith("Share 2 ")


def test_shares_of_another_file_do_not_open_it(made: RecoveryKey) -> None:
    """The shares fit together, the file is foreign, or one octet of it changed."""
    other = recovery_key.make(2, 3, secrets.token_bytes)
    for protected in (other.protected, made.protected[:-60], b"rubbish", b""):
        with pytest.raises(Refused) as refused:
            recovery_key.recover(protected, made.shares[:2])
        assert refused.value.code == "escrow_recovery_file"


def test_secrets_are_in_no_repr(made: RecoveryKey) -> None:
    """A log of the value shows neither shares nor file."""
    words = " ".join(made.shares[0].split()[4:7])  # one word alone may be part of another
    assert words not in repr(made)
    assert "PGP MESSAGE" not in repr(made)
