"""What staff send to sign in, enrol and recover, and what they are answered. Shapes alone.

No shape shows a password, code, token or signature when it is printed.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from typing_extensions import override

from proxy.model.approval_key import KeyKind

_Handle = Annotated[str, msgspec.Meta(max_length=64)]
_Secret = Annotated[str, msgspec.Meta(max_length=512)]  # a password, a code, a token
_Signature = Annotated[str, msgspec.Meta(max_length=16_384)]  # vault.webauthn's limit


class _Body(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is sent."""

    @override
    def __repr__(self) -> str:
        return type(self).__name__


class _Answer(msgspec.Struct, frozen=True):
    """What is answered and holds a secret."""

    @override
    def __repr__(self) -> str:
        return type(self).__name__


class SignIn(_Body, frozen=True, kw_only=True):
    """A handle and a password."""

    person: _Handle
    password: _Secret


class Second(_Body, frozen=True, kw_only=True):
    """A signature over a challenge: an SSHSIG, or an assertion's JSON as text."""

    attempt: _Secret
    key: Annotated[str, msgspec.Meta(max_length=64)]
    signature: _Signature


class PasswordChange(_Body, frozen=True, kw_only=True):
    """The password in use, and the next one."""

    current: _Secret
    new: _Secret


class EnrolledKey(_Body, frozen=True, kw_only=True):
    """A key with its signature over the enrolment; `credential` of passkeys alone."""

    kind: KeyKind
    public: Annotated[str, msgspec.Meta(max_length=4096)]
    credential: Annotated[str, msgspec.Meta(max_length=1400)] = ""
    proof: _Signature


class Enrolment(_Body, frozen=True, kw_only=True):
    """A code, a password, and keys."""

    person: _Handle
    code: _Secret
    password: _Secret
    keys: Annotated[tuple[EnrolledKey, ...], msgspec.Meta(max_length=8)]


class Recovery(_Body, frozen=True, kw_only=True):
    """Whom a recovery concerns."""

    person: _Handle


class UsableKey(msgspec.Struct, frozen=True):
    """A key with which somebody may answer."""

    id: str
    kind: str
    credential: str


class Challenge(_Answer, frozen=True, kw_only=True):
    """What to sign: `message` for the passkey's challenge, made of `site`, handle and `nonce`."""

    attempt: str
    site: str
    nonce: str
    message: str
    keys: tuple[UsableKey, ...]
    expires_at: str


class Session(_Answer, frozen=True, kw_only=True, omit_defaults=True):
    """Who is signed in. `session` is the token, shown once."""

    person: str
    roles: tuple[str, ...]
    administrator: bool
    level: str
    must_change: bool
    ends_at: str
    session: str = ""


class Opened(msgspec.Struct, frozen=True):
    """A recovery that waits for a second administrator."""

    id: str


class Code(_Answer, frozen=True):
    """A code to enrol with, shown once."""

    person: str
    code: str
    expires_at: str


class Done(msgspec.Struct, frozen=True):
    """There is nothing more to say."""
