r"""A PostgreSQL of the operator's own, named by a URL: where it is and how its name is proven.

Version 15 or later. Passwords stand in one file per login, never in the URL. Over TCP the server
must prove its name (TLS, verify-full); a Unix socket needs no proof.

The operator makes logins and database once, as an administrator (psql asks for the passwords):

    CREATE ROLE pp_owner LOGIN;     -- and each of the others named below
    \password pp_owner             -- and for each of the others
    ALTER ROLE pp_edge SET default_transaction_read_only = on;
    CREATE DATABASE privacyproxy OWNER pp_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
    REVOKE ALL ON DATABASE privacyproxy FROM PUBLIC;
    GRANT CONNECT ON DATABASE privacyproxy
      TO pp_owner, pp_api, pp_edge, pp_vault, pp_worker, pp_web, pp_escrow, pp_relay,
         pp_operator;
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from proxy.errors import InvalidInput, Unavailable
from proxy.store.pool import Access

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.store.logins import LoginRole

DEFAULT_PORT = 5432
_SCHEMES = frozenset({"postgresql", "postgres"})
_FORM = "postgresql://host:port/database or postgresql:///database?host=/socket/directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a database is; a host that begins with `/` is a Unix socket's directory."""

    host: str
    port: int
    database: str


def access(url: str, role: LoginRole, *, password_dir: Path, ca: Path | None = None) -> Access:
    """How `role` logs in to the database at `url`.

    `ca` is a PEM file of the authority that signed the server's certificate; without it the
    system's authorities are asked. Raises InvalidInput for a URL that names something unsafe or
    unknown, Unavailable for a file that can not be read.
    """
    where = place(url)
    return Access(
        host=where.host,
        port=where.port,
        user=role.login,
        password=password(password_dir, role),
        database=where.database,
        tls=None if where.host.startswith("/") else _tls(ca),
    )


def place(url: str) -> Place:
    """What `url` names; raises InvalidInput for what is unsafe or unknown."""
    parts = _split(url)
    options = _options(parts)
    host = parts.hostname or options.get("host", "")
    database = unquote(parts.path.removeprefix("/"))
    # A directory escaped into the host part loses its capitals there: only ?host= is taken.
    if not host or "%" in host or not database or "/" in database:
        raise InvalidInput("database_url", f"The database URL must be {_FORM}.")
    return Place(host=host, port=parts.port or DEFAULT_PORT, database=database)


def password(password_dir: Path, role: LoginRole) -> str:
    """The password of `role`; raises Unavailable naming the file that should hold it."""
    file = password_dir / role.login
    try:
        found = file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise Unavailable(
            "database_password", f"{file} can not be read: put the password of {file.name} there."
        ) from None
    if not found:
        raise Unavailable("database_password", f"{file} is empty.")
    return found


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed, and refused, only when asked for
    except ValueError:
        raise InvalidInput("database_url", f"The database URL must be {_FORM}.") from None
    if parts.scheme not in _SCHEMES or parts.fragment:
        raise InvalidInput("database_url", f"The database URL must be {_FORM}.")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            "database_url",
            "The database URL names no user and no password: each role has its own login, "
            "with its password in a file of that name.",
        )
    return parts


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(options) - {"host", "sslmode"})
    if unknown:
        raise InvalidInput("database_url", f"The database URL has unknown options: {unknown}.")
    if options.get("sslmode", "verify-full") != "verify-full":
        raise InvalidInput(
            "database_tls",
            "sslmode must be verify-full; a PostgreSQL whose name is not proven is refused.",
        )
    if "host" in options and (parts.hostname or not options["host"].startswith("/")):
        raise InvalidInput("database_url", "The option host is for the directory of a Unix socket.")
    return options


def _tls(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError):
        raise Unavailable("database_tls", f"{ca} holds no certificate authority.") from None
