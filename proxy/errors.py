"""The errors every layer may raise and every edge maps to its own protocol.

Messages hold ids and codes, never values. Anything that is not a ProxyError is a bug.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of an input: an RFC 6901 pointer to the place, a stable code, a sentence."""

    pointer: str
    code: str
    detail: str


class ProxyError(Exception):
    """The request could not be carried out."""

    def __init__(self, code: str, detail: str = "") -> None:
        """Keep a stable snake_case code and an optional sentence without personal data."""
        super().__init__(code)
        self.code = code
        self.detail = detail or (type(self).__doc__ or "").strip()


class InvalidInput(ProxyError):
    """The input can not be accepted as it is."""

    def __init__(self, code: str, detail: str = "", faults: tuple[Fault, ...] = ()) -> None:
        """Keep every fault found, so that a caller can mend them all at once."""
        super().__init__(code, detail)
        self.faults = faults


class NotFound(ProxyError):
    """There is nothing by that name."""


class Refused(ProxyError):
    """A rule forbids it."""


class Conflict(ProxyError):
    """It clashes with the present state."""


class RateLimited(ProxyError):
    """Too many requests; wait and try again."""

    def __init__(self, code: str, detail: str = "", *, retry_after_s: int = 60) -> None:
        """Keep the number of whole seconds after which a retry makes sense."""
        super().__init__(code, detail)
        self.retry_after_s = retry_after_s


class Unavailable(ProxyError):
    """A part that is needed does not answer at the moment; try again later."""
