"""The errors of OpenPGP work, told by the child process and its parent alike.

Functions, not constants: an exception that is raised twice keeps the frames of the first time.
"""

from __future__ import annotations

from proxy.errors import Refused, Unavailable


def signing_key() -> Refused:
    """Our key can not sign."""
    return Refused(
        "escrow_signing_key",
        "Our signing key is damaged or expired. Restore it from a backup; failing that, move it "
        "away: a new one is made, and every agent needs its certificate before the next deposit.",
    )


def signature() -> Refused:
    """A signature is missing, of another key, or over something else."""
    return Refused(
        "escrow_signature",
        "There is no valid signature of the expected key over this. Do not believe it.",
    )


def encryption() -> Unavailable:
    """Encryption failed for a reason that may pass."""
    return Unavailable(
        "escrow_encryption_failed",
        "The file could not be encrypted or written: the disk is full, or the process was killed.",
    )


def opening() -> Unavailable:
    """Decryption ended without saying why."""
    return Unavailable("escrow_opening_failed", "The decrypting process was killed; try again.")


def opening_key() -> Refused:
    """A secret key can not decrypt anything."""
    return Refused(
        "escrow_opening_key",
        "This secret key can not decrypt: it is damaged, expired, or its pass-phrase is wrong.",
    )


def other_key() -> Refused:
    """A key or a pass-phrase is not this file's."""
    return Refused(
        "escrow_other_key", "The file is not encrypted to this key, or not under this pass-phrase."
    )


def altered() -> Refused:
    """A file is not what was sealed."""
    return Refused(
        "escrow_file_altered",
        "The file is not whole: it was altered or cut off. Believe nothing of it; fetch it anew.",
    )
