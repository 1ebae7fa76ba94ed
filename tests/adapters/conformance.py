"""The suite that every adapter passes: all rules by name. registrar_adapters/README.md says how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.adapters import rules_changes, rules_refusals, rules_repeats

if TYPE_CHECKING:
    from tests.adapters.bench import Bench, Entry

RULES: dict[str, Entry] = {
    entry.rule.__name__: entry
    for entry in (*rules_changes.RULES, *rules_repeats.RULES, *rules_refusals.RULES)
}


def names_for(bench: Bench) -> list[str]:
    """The rules that a registrar of the bench's traits can be held to."""
    return [name for name, entry in RULES.items() if entry.is_for(bench.traits)]
