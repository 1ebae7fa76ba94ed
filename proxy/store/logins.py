"""Login roles of PostgreSQL and the statements that make them. No connection is opened here.

One login per process role, each with its own password. What a login
may touch stands in roles.sql; here only that it exists, may log in, and owns or may enter the
database. Passwords reach the server as SCRAM verifiers (RFC 5803), so that no statement, log or
catalog ever holds one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DATABASE = "privacyproxy"
SCRAM_ITERATIONS = 4096  # PostgreSQL's default; the passwords are random, 256 bits
SCRAM_SALT_OCTETS = 16


class LoginRole(StrEnum):
    """The logins, named as `-- roles:` lines and process roles name them."""

    OWNER = "owner"  # owns the tables; migrations alone
    API = "api"
    EDGE = "edge"  # the follower; edge workers have no login
    VAULT = "vault"
    WORKER = "worker"
    WEB = "web"
    ESCROW = "escrow"  # makes and sends deposits
    RELAY = "relay"  # sends notices, takes bounces
    OPERATOR = "operator"  # the command line

    @property
    def login(self) -> str:
        """The name of the role inside PostgreSQL."""
        return f"pp_{self.value}"


def scram_verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL keeps for `password` (ASCII): RFC 5803, SHA-256."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    texts = [base64.b64encode(part).decode("ascii") for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{texts[0]}${texts[1]}:{texts[2]}"


def login_statements(verifiers: Mapping[LoginRole, str]) -> tuple[str, ...]:
    """Statements, one a line, that make or renew the given logins. May be run again."""
    statements: list[str] = []
    for role, verifier in verifiers.items():
        login = role.login
        statements.append(
            # Asked for, not caught: a stand-alone server may end at any error, caught or not.
            f"DO $$ BEGIN IF to_regrole('{login}') IS NULL"
            f" THEN CREATE ROLE {login}; END IF; END $$;"
        )
        statements.append(
            f"ALTER ROLE {login} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
            f" NOBYPASSRLS PASSWORD '{verifier}';"
        )
    if LoginRole.EDGE in verifiers:
        statements.append(
            f"ALTER ROLE {LoginRole.EDGE.login} SET default_transaction_read_only = on;"
        )
    return tuple(statements)


def database_statements(database: str) -> tuple[str, ...]:
    """Statements that make an empty database which only our logins may enter."""
    return (
        f"CREATE DATABASE {database} OWNER {LoginRole.OWNER.login};",
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;",
        entry_statement(database, tuple(LoginRole)),
    )


def entry_statement(database: str, roles: tuple[LoginRole, ...]) -> str:
    """The statement that lets `roles` enter a database."""
    return f"GRANT CONNECT ON DATABASE {database} TO {', '.join(role.login for role in roles)};"
