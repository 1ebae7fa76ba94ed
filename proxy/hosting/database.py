"""How a process or a command logs in at PostgreSQL: the embedded one, or any other by URL.

Gives each login as it travels to a process. Passwords come from files, one per login; a URL holds
none. Over TCP the server must prove itself (verify-full).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.hosting.boot import Login
from proxy.store import embedded, remote

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.settings import Settings
    from proxy.store.logins import LoginRole

DIRECTORY = "postgres"  # of the embedded cluster, in the data directory


def login(settings: Settings, role: LoginRole) -> Login:
    """How `role` logs in by the settings; raises Unavailable or InvalidInput with what to do."""
    if settings.database_url is None:
        access = embedded.access(settings.data_dir / DIRECTORY, role)
    else:
        access = remote.access(
            settings.database_url,
            role,
            password_dir=password_dir(settings),
            ca=settings.database_ca,
        )
    return Login(
        host=access.host,
        port=access.port,
        user=access.user,
        password=access.password,
        database=access.database,
        authority="" if settings.database_ca is None else str(settings.database_ca),
    )


def password_dir(settings: Settings) -> Path:
    """Where the password files of a database by URL lie."""
    return settings.database_password_dir or settings.key_dir / "database"
