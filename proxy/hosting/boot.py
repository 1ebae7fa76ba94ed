"""What a supervisor hands a new process: one JSON document through an inherited pipe.

Passwords travel only here: never in arguments or the environment, which other users can read.
Sockets travel as inherited descriptors whose numbers stand in the document.
"""

from __future__ import annotations

import json
import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from proxy import settings as settings_module
from proxy.errors import Unavailable
from proxy.hosting.process import Paths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.settings import Settings
    from proxy.store.pool import Access

PIPE_OCTETS = 65_536  # what a pipe takes before anybody reads; the document is about 2 kB


class Login(TypedDict):
    """An Access as it travels; `authority` is the CA file, "" for the system's own."""

    host: str
    port: int
    user: str
    password: str
    database: str
    authority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """Everything a process learns from its supervisor."""

    role: str
    index: int
    parent: int
    control: int
    sockets: Mapping[str, tuple[int, ...]]
    users: Mapping[str, int]
    drop_to: int | None
    settings: Settings
    login: Login | None
    paths: Paths
    root_phrase: str | None = field(default=None, repr=False)
    """The pass phrase of the root key, for the vault alone."""


def dump(boot: Boot) -> bytes:
    """The document."""
    return json.dumps(
        {
            "role": boot.role,
            "index": boot.index,
            "parent": boot.parent,
            "control": boot.control,
            "sockets": {name: list(numbers) for name, numbers in boot.sockets.items()},
            "users": dict(boot.users),
            "drop_to": boot.drop_to,
            "settings": settings_module.dump(boot.settings),
            "login": boot.login,
            "root_phrase": boot.root_phrase,
            "paths": [
                str(path)
                for path in (
                    boot.paths.data_dir,
                    boot.paths.key_dir,
                    boot.paths.run_dir,
                    boot.paths.scratch_dir,
                )
            ],
        }
    ).encode()


def load(document: bytes) -> Boot:
    """The document read back; it comes from our own supervisor and is trusted."""
    raw = json.loads(document)
    data_dir, key_dir, run_dir, scratch_dir = map(Path, raw["paths"])
    return Boot(
        role=raw["role"],
        index=raw["index"],
        parent=raw["parent"],
        control=raw["control"],
        sockets={name: tuple(numbers) for name, numbers in raw["sockets"].items()},
        users=raw["users"],
        drop_to=raw["drop_to"],
        settings=settings_module.load(raw["settings"]),
        login=raw["login"],
        root_phrase=raw["root_phrase"],
        paths=Paths(data_dir=data_dir, key_dir=key_dir, run_dir=run_dir, scratch_dir=scratch_dir),
    )


def access(login: Login) -> Access:
    """How to log in, with the TLS context that can not travel."""
    from proxy.store.pool import Access  # noqa: PLC0415 - edge workers have no driver loaded

    tls = None
    if not login["host"].startswith("/"):
        try:
            tls = ssl.create_default_context(cafile=login["authority"] or None)
        except OSError:
            raise Unavailable(
                "database_ca", "The file of the setting database_ca can not be read as PEM."
            ) from None
    return Access(
        host=login["host"],
        port=login["port"],
        user=login["user"],
        password=login["password"],
        database=login["database"],
        tls=tls,
    )


def pipe(boot: Boot) -> int:
    """The reading end of a pipe that holds the whole document; the caller closes it."""
    document = dump(boot)
    if len(document) > PIPE_OCTETS:
        raise Unavailable("boot_document", "The settings are too long to hand over.")
    reading, writing = os.pipe()
    os.write(writing, document)
    os.close(writing)
    return reading


def receive(descriptor: int) -> Boot:
    """The boot read from an inherited descriptor, which is closed."""
    with os.fdopen(descriptor, "rb") as source:
        return load(source.read())
