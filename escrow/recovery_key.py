"""The key of the provider's own copy, split so that some of its holders, and no fewer, can use it.

An OpenPGP key pair without an end, because an expired key could not open old deposits. Its secret
half is an OpenPGP message under a pass-phrase of 256 random bits (64 hex digits), which GnuPG opens
as well; the 256 bits are split with SLIP-39, one group of `threshold` of `holders`. Shares are
returned once, to be printed for one holder each; nobody stores them.

Fewer shares than the threshold tell nothing (Shamir's scheme over GF(256)). SLIP-39's own
pass-phrase stays empty, so its PBKDF2 is of no use and set to the fewest rounds: nothing can be
guessed in 256 bits. A share's checksum finds any three mistyped words; that the shares fit together
is proved by a digest of 32 bits inside, that they fit the file by the file's own integrity.
Source: SLIP-39; RFC 9580 s5.3 (pass-phrases), s5.13.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pysequoia
import shamir_mnemonic  # type: ignore[import-untyped]  # publishes no type information

from escrow import certificates
from proxy.errors import Fault, InvalidInput, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SECRET_OCTETS: Final = 32
HOLDERS_AT_MOST: Final = 16  # SLIP-39, shares of a group
THRESHOLD_AT_LEAST: Final = 2  # one holder must not read the copy alone
USER_ID: Final = "Domain privacy service, own copy of deposits"
_ROUNDS_EXPONENT: Final = 0  # 10,000 rounds in all; see above


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryKey:
    """What `make` returns: a certificate to encrypt to, a file to keep, shares to hand out."""

    certificate: bytes
    protected: bytes = field(repr=False)  # armoured; safe to copy, useless without the shares
    shares: tuple[str, ...] = field(repr=False)


def make(threshold: int, holders: int, draw: Callable[[int], bytes]) -> RecoveryKey:
    """A new recovery key; `draw` is the source of randomness of the pass-phrase.

    InvalidInput `escrow_recovery_holders` for numbers that would not protect.
    """
    if not THRESHOLD_AT_LEAST <= threshold <= holders <= HOLDERS_AT_MOST:
        raise InvalidInput(
            "escrow_recovery_holders",
            "At least two shares must be needed, no more than there are holders, and holders are "
            f"{HOLDERS_AT_MOST} at most.",
        )
    key = pysequoia.Tsk.generate(user_id=USER_ID, profile=pysequoia.Profile.RFC4880)
    secret = draw(SECRET_OCTETS)
    (shares,) = shamir_mnemonic.generate_mnemonics(
        1, [(threshold, holders)], secret, iteration_exponent=_ROUNDS_EXPONENT
    )
    return RecoveryKey(
        certificate=str(key.extract_certificate()).encode(),
        protected=pysequoia.encrypt(bytes(key), passwords=[secret.hex()]),
        shares=tuple(shares),
    )


def recover(protected: bytes, shares: Sequence[str]) -> bytes:
    """The secret key, from the file and enough shares; faults name shares by number, from 1."""
    secret = combine(shares)
    fault = Refused(
        "escrow_recovery_file",
        "The shares fit together, but not this file: it is of another key, or it is damaged.",
    )
    opened = certificates.guarded(
        lambda: pysequoia.decrypt(protected, passwords=[secret.hex()]).bytes, fault
    )
    key = opened or b""
    certificates.guarded(lambda: pysequoia.Tsk.from_bytes(key).decryptor(), fault)
    return key


def combine(shares: Sequence[str]) -> bytes:
    """The 256 bits of enough shares; their hex is the pass-phrase of the file.

    InvalidInput `escrow_share_*` with a fault for each bad share; Refused `escrow_shares_too_few`.
    """
    parsed = _parsed(shares)
    _require_one_set(parsed)
    _require_distinct(parsed)
    needed = parsed[0].member_threshold
    if len(parsed) < needed:
        raise Refused(
            "escrow_shares_too_few", f"{needed} shares are needed, {len(parsed)} were given."
        )
    apart = Refused(
        "escrow_shares_apart",
        "Every share is well typed, but together they are of no use: one of them was not made with "
        "the others.",
    )
    if needed < THRESHOLD_AT_LEAST:  # `make` makes none; SLIP-39 has no digest then
        raise apart
    try:
        secret: bytes = shamir_mnemonic.combine_mnemonics(
            [one.mnemonic() for one in parsed[:needed]]
        )
    except shamir_mnemonic.MnemonicError:
        raise apart from None
    return secret


def _parsed(shares: Sequence[str]) -> list[shamir_mnemonic.Share]:
    parsed, bad = [], []
    for number, share in enumerate(shares, 1):
        try:
            parsed.append(shamir_mnemonic.Share.from_mnemonic(share))
        except (shamir_mnemonic.MnemonicError, ValueError, IndexError):  # its text quotes the words
            bad.append(number)
    if bad:
        raise _faulty("escrow_share_mistyped", "has a mistyped, missing or misplaced word", bad)
    if not parsed:
        raise Refused("escrow_shares_too_few", "No share was given.")
    return parsed


def _require_one_set(parsed: list[shamir_mnemonic.Share]) -> None:
    counted = Counter(one.group_parameters() for one in parsed)
    ((common, _),) = counted.most_common(1)
    foreign = [n for n, one in enumerate(parsed, 1) if one.group_parameters() != common]
    if foreign:
        raise _faulty("escrow_share_foreign", "is of another key than the others", foreign)


def _require_distinct(parsed: list[shamir_mnemonic.Share]) -> None:
    seen: set[int] = set()
    again = []
    for number, one in enumerate(parsed, 1):
        if one.index in seen:
            again.append(number)
        seen.add(one.index)
    if again:
        raise _faulty("escrow_share_repeated", "was given before", again)


def _faulty(code: str, what: str, numbers: list[int]) -> InvalidInput:
    named = ", ".join(str(number) for number in numbers)
    return InvalidInput(
        code,
        f"Share {named} {what}.",
        tuple(
            Fault(pointer=f"/{number - 1}", code=code, detail=f"Share {number} {what}.")
            for number in numbers
        ),
    )
