"""Staff on a real database: enrolled people with passkeys and OpenSSH keys, and a clock."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from proxy.model.roster import Person
from proxy.rules import password_policy
from proxy.run.password_words import WORDS
from proxy.services.staff import authenticate, enrol, invite, sign_in
from proxy.services.staff.office import Office
from proxy.store import pool as pools
from proxy.vault.passwords import Argon2Passwords, Cost
from proxy.vault.staff_factors import StaffFactors
from tests.support.passkey import Passkey, as_json
from tests.support.security_key import SshKey, armor
from tests.support.vault import START

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from proxy.model.approval_key import ApprovalKey
    from proxy.model.staff import SignedIn
    from proxy.services.staff.sign_in import Asked, Opened
    from proxy.store.pool import Record
    from tests.support.database import Database

CHEAP = Cost(memory_kib=64, passes=1)  # argued costs are the program's; tests hash a hundred times
SITE = "desk.privacy.example"
BASE_URL = f"https://{SITE}"
NAMESPACE = "staff@privacyproxy"
CLIENT = "192.0.2.7/32"


def password_of(name: str) -> str:
    """A password that keeps the rules, the same for the same name."""
    seeds = (hashlib.shake_256(f"{name} {at}".encode()).digest(40) for at in range(10**6))
    return password_policy.generated("x", date(2026, 11, 1), WORDS, lambda _: next(seeds))


def passkey(name: str) -> Passkey:
    """Somebody's passkey."""
    return Passkey(seed=hashlib.sha256(f"staff passkey {name}".encode()).digest())


def ssh_key(name: str, application: bytes | None = None) -> SshKey:
    """Somebody's OpenSSH key."""
    seed = hashlib.sha256(f"staff key {name}".encode()).digest()
    return SshKey(seed=seed, application=application)


def assertion(
    key: Passkey, message: bytes, *, site: str = SITE, origin: str = BASE_URL, flags: int = 5
) -> str:
    """What a browser sends after a passkey signed."""
    made = key.assertion(message, rp_id=site, members={"origin": origin}, flags=flags)
    return as_json(made)


def sshsig(key: SshKey, message: bytes, namespace: str = NAMESPACE) -> str:
    """What ssh-keygen writes."""
    return armor(key.envelope(message, namespace=namespace))


def signed(key: Passkey | SshKey, message: bytes) -> str:
    """A second factor, by either kind of key."""
    return assertion(key, message) if isinstance(key, Passkey) else sshsig(key, message)


@dataclass(slots=True, kw_only=True)
class House:
    """An office with a clock that a test moves."""

    database: Database
    office: Office
    now: datetime = START
    clients: list[str] = field(default_factory=lambda: [CLIENT])

    def later(self, **by: float) -> None:
        """Time passes."""
        self.now += timedelta(**by)

    async def invite(self, name: str, *roles: str) -> str:
        """The code of somebody new."""
        async with pools.connected(self.database.access("operator")) as connection:
            made = await invite.invite(
                connection,
                Person(name),
                frozenset(roles or ("handler",)),
                now=self.now,
                random=secrets.token_bytes,
            )
        return made.code

    async def enrol(
        self, name: str, code: str, *keys: Passkey | SshKey, password: str | None = None
    ) -> None:
        """Somebody enrols with a code."""
        person = Person(name)
        message = self.office.factors.enrolment(person, code)
        given = [
            enrol.NewKey(key=one.public, proof=signed(one, message))
            for one in keys or (passkey(name),)
        ]
        await enrol.enrol(
            self.office, person, code, password or password_of(name), given, now=self.now
        )

    async def hire(self, name: str, *roles: str) -> None:
        """Somebody is invited and enrols with their passkey."""
        await self.enrol(name, await self.invite(name, *roles))

    async def begin(self, name: str, password: str | None = None) -> Asked:
        """The first half of a sign-in."""
        return await sign_in.begin(
            self.office,
            Person(name),
            password_of(name) if password is None else password,
            client=self.clients[0],
            now=self.now,
        )

    async def finish(self, asked: Asked, key: ApprovalKey, signature: str) -> Opened:
        """The second half."""
        return await sign_in.finish(
            self.office,
            asked.attempt,
            key.id,
            signature,
            client=self.clients[0],
            now=self.now,
        )

    async def sign_in(
        self, name: str, key: Passkey | SshKey | None = None, password: str | None = None
    ) -> str:
        """A session's token."""
        asked = await self.begin(name, password)
        used = key or passkey(name)
        opened = await self.finish(asked, used.public, signed(used, asked.message))
        return opened.token

    async def who(self, token: str) -> SignedIn:
        """Whose a token is."""
        return await authenticate.authenticate(self.office.pool, token, self.now)

    async def rows(self, statement: str, *arguments: object) -> list[Record]:
        """What a superuser sees."""
        async with pools.connected(self.database.superuser()) as connection:
            return await connection.fetch(statement, *arguments)

    async def kinds(self, name: str) -> list[str]:
        """The kinds of somebody's ledger entries, in order."""
        rows = await self.rows(
            "SELECT kind FROM ledger_entry WHERE subject = $1 ORDER BY ctid", f"staff/{name}"
        )
        return [row["kind"] for row in rows]


@contextlib.asynccontextmanager
async def house(database: Database) -> AsyncIterator[House]:
    """An office on the web role's login, with cheap hashes."""
    pool = await pools.open_pool(database.access("web"), max_size=8, is_stateless=True)
    passwords = Argon2Passwords(secrets.token_bytes, CHEAP)
    office = Office(
        pool=pool,
        passwords=passwords,
        factors=StaffFactors(BASE_URL),
        words=WORDS,
        random=secrets.token_bytes,
    )
    try:
        yield House(database=database, office=office)
    finally:
        passwords.close()
        pool.terminate()
