"""Connections to PostgreSQL: where, as whom, and what its errors mean to us.

Every password is given in the open structure `Access`, never looked up in files or the
environment by the driver. asyncpg's own errors end here: they carry values and SQL text, so they
are turned into ProxyErrors without a cause (style, rules 16 and 17).

JSON columns travel as text (`str`) both ways; store modules encode and decode them.
"""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

import asyncpg

from proxy.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from asyncpg.pool import PoolConnectionProxy

    from proxy.errors import ProxyError

Record: TypeAlias = asyncpg.Record
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

CONNECT_TIMEOUT_S = 5.0  # a local server answers in milliseconds; a far one within a round trip
COMMAND_TIMEOUT_S = 60.0  # no statement of a request may hold a connection longer
IDLE_CONNECTION_S = 300.0  # closes what a burst opened

# The server is away, going away, or too busy: trying again later makes sense.
_AWAY: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    EOFError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutdown, cancelled, not started yet
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.TransactionRollbackError,  # deadlock, serialisation
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby, or a primary that was demoted
    asyncpg.InternalClientError,  # the server ended the session just when we spoke
)

_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Everything needed to log in. A host that begins with `/` is a Unix socket's directory."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse a network connection whose other end would not be proven."""
        if self.host.startswith("/"):
            return
        verified = (
            self.tls is not None
            and self.tls.check_hostname
            and self.tls.verify_mode is ssl.CERT_REQUIRED
        )
        if not verified:
            raise InvalidInput(
                "database_tls",
                "A PostgreSQL over TCP needs sslmode=verify-full (Unix sockets do not).",
            )


async def connect(access: Access) -> asyncpg.Connection[asyncpg.Record]:
    """One connection; the caller closes it. Raises Unavailable."""
    with translated():
        return await asyncpg.connect(
            host=access.host,
            port=access.port,
            user=access.user,
            password=access.password,
            database=access.database,
            ssl=access.tls if access.tls is not None else False,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings=_session(access),
        )


@contextlib.asynccontextmanager
async def connected(access: Access) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """One connection for the length of the block."""
    connection = await connect(access)
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_S)


class Pool:
    """Connections that are kept open; each is handed to one user at a time."""

    __slots__ = ("_pool",)

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection for the length of the block; raises Unavailable where none can be had.

        Taking one may have to open it: from a server that starts, stops or is full. Of what the
        block raises, the driver's own errors become ours as well (BEGIN and COMMIT are sent by
        it), while a file or another peer that fails is none of PostgreSQL's.
        """
        with translated():
            connection = await self._pool.acquire()
        try:
            yield connection
        except _DRIVER:
            with translated():
                raise
        finally:
            with translated():
                await self._pool.release(connection)

    async def close(self) -> None:
        """Waits for the users of all connections, then closes them."""
        await self._pool.close()

    def terminate(self) -> None:
        """Closes all connections now."""
        self._pool.terminate()


async def open_pool(
    access: Access,
    *,
    min_size: int = 1,
    max_size: int = 10,
    session: Mapping[str, str] | None = None,
    is_stateless: bool = False,
) -> Pool:
    """A pool of at most `max_size` connections; the caller closes it. Raises Unavailable.

    `session` holds server settings of every connection. `is_stateless` promises that no user of
    the pool leaves state in a session, which saves the round trip that would clear it.
    """
    with translated():
        pool = await asyncpg.create_pool(
            host=access.host,
            port=access.port,
            user=access.user,
            password=access.password,
            database=access.database,
            ssl=access.tls if access.tls is not None else False,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings=_session(access) | dict(session or {}),
            min_size=min_size,
            max_size=max_size,
            max_inactive_connection_lifetime=IDLE_CONNECTION_S,
            reset=_leave if is_stateless else None,
        )
    if pool is None:  # only of a pool that was opened before
        raise Unavailable("database")
    return Pool(pool)


_REFUSALS: Final[Mapping[type[Exception], str]] = {
    asyncpg.InvalidPasswordError: "The login or its password is refused.",
    asyncpg.InvalidAuthorizationSpecificationError: "PostgreSQL does not let this login into this"
    " database from here: see to its pg_hba.conf.",
    asyncpg.InvalidCatalogNameError: "There is no database of that name.",
    ssl.SSLError: "PostgreSQL and we agree on no TLS: let it offer TLS 1.2 or newer.",
}
_NAME_DIFFERS: Final = "its certificate is for another host: name the host it is for in the URL."
# Why a certificate is refused, by OpenSSL's number (openssl-verify(1)), and what helps.
_CERTIFICATE: Final[Mapping[int, str]] = {
    9: "its certificate is not valid yet: see to the clocks of both machines.",
    10: "its certificate has expired: renew it there.",
    62: _NAME_DIFFERS,
    64: _NAME_DIFFERS,
}
_UNKNOWN_AUTHORITY: Final = (
    "the authority of its certificate is not known here: set database_ca to that authority's file."
)
_NO_TLS: Final = "rejected SSL upgrade"  # how the driver's ConnectionError says so


@contextlib.contextmanager
def translated(constraints: Mapping[str, ProxyError] | None = None) -> Iterator[None]:
    """Turns the driver's errors into ours for the length of the block.

    A broken constraint becomes the error that `constraints` has under its name; other ones are
    bugs and become BrokenConstraint, with its name only. A server that is away
    becomes Unavailable("database").
    """
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as violation:
        name = violation.constraint_name or ""
        raise (constraints or {}).get(name) or BrokenConstraint(name) from None
    except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError):
        raise InvalidInput("characters", "A text holds a character that none may hold.") from None
    except asyncpg.InterfaceError as fault:
        if isinstance(fault, ValueError):  # an argument of the wrong type: a bug, not an outage
            raise BadArgument(str(fault).partition(":")[0]) from None
        raise Unavailable("database", "The connection to PostgreSQL was closed.") from None
    except (*_REFUSALS, *_AWAY) as fault:
        refusal = _refusal(fault)
        if refusal is not None:
            raise DatabaseRefused(refusal) from None
        raise Unavailable("database", "PostgreSQL does not answer; see `doctor`.") from None


def _refusal(fault: Exception) -> str | None:
    """Why a server is refused, or refuses us; None when it is away. Never the driver's words."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        why = _CERTIFICATE.get(fault.verify_code, _UNKNOWN_AUTHORITY)
        return f"PostgreSQL is refused, as {why}"
    for kind, says in _REFUSALS.items():
        if isinstance(fault, kind):
            return says
    if isinstance(fault, ConnectionError) and _NO_TLS in str(fault):
        return "PostgreSQL is refused, as it offers no TLS: set ssl = on there."
    return None


def is_outage(error: Exception) -> bool:
    """Whether `error`, not translated, means that the server is away: asked at a program's edge.

    Taking a connection from a pool may have to open one, outside of any block of ours.
    """
    return isinstance(error, (*_AWAY, asyncpg.InterfaceError)) and not isinstance(error, ValueError)


class DatabaseRefused(Unavailable):
    """One of the two refuses the other: waiting alone does not help, as it does with an outage."""

    def __init__(self, detail: str) -> None:
        """Keep the sentence that says what to do; the code is that of every outage."""
        super().__init__("database", detail)


class BadArgument(Exception):
    """A query argument the driver can not encode: a bug. Says which, never the value."""


class BrokenConstraint(Exception):
    """A constraint no rule expects: a bug. Holds the constraint's name, never a value."""


async def _leave(_: Connection) -> None:
    """Nothing to clear."""


def _session(access: Access) -> dict[str, str]:
    return {"application_name": access.user, "timezone": "UTC"}
