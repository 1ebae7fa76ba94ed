"""The schema as text: what PostgreSQL says it is after all migrations.

`python -m tests.support.schema` writes proxy/store/schema.sql anew.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.store import embedded
from tests.support.database import running_server

if TYPE_CHECKING:
    from tests.support.database import Database

FILE = Path(__file__).parents[2] / "proxy" / "store" / "schema.sql"
COMMAND = "python -m tests.support.schema"
HEADER = f"-- The schema after all migrations, for reading. Written by `{COMMAND}`.\n"


def dumped(database: Database) -> str:
    """The schema of `database`: tables, indexes, constraints, functions, triggers; no grants."""
    access = database.superuser()
    done = subprocess.run(
        [
            *(embedded.binaries() / "pg_dump", "--schema-only", "--no-owner", "--no-privileges"),
            *("-h", access.host, "-p", str(access.port), "-U", access.user, access.database),
        ],
        env={"PGPASSWORD": access.password, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    # What differs between runs and releases of pg_dump says nothing about the schema.
    noise = ("--", "SET ", "SELECT pg_catalog.set_config", "\\restrict", "\\unrestrict")
    lines = [line for line in done.stdout.splitlines() if not line.startswith(noise)]
    statements = [part.strip("\n") for part in "\n".join(lines).split("\n\n") if part.strip()]
    return HEADER + "\n" + "\n\n".join(statements) + "\n"


def main() -> None:
    """Write schema.sql from a fresh, migrated database."""
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        FILE.write_text(dumped(server.create()), "utf-8")


if __name__ == "__main__":
    main()
