"""What a hostile log, witness or authority says prints as it is written, or not at all."""

from __future__ import annotations

import pytest

from proxy.errors import InvalidInput, Refused
from proxy.run.cli import ledger
from proxy.run.cli.plain import plain
from proxy.vault import checkpoint, verifier
from tests.support import ledger as logs

# Escape, delete, C1's CSI, right-to-left override, zero width, line separator, a private character.
HOSTILE = ("\x1b[2J", "\x7f", "\x9b2J", "\u202e", "\u200b", "\u2028", "\ue000", "\n", "\ud800")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_name_and_no_origin_holds_what_does_not_print(text: str) -> None:
    """Names of keys and logs are printed by whoever checks them."""
    assert verifier.is_name("log.example/\u00e9")
    assert not verifier.is_name(f"log.example{text}")
    said = checkpoint.render(logs.Log(logs.leaves(3)).checkpoint())
    assert checkpoint.parse(said).size == 3
    with pytest.raises(InvalidInput, match="checkpoint_malformed"):
        checkpoint.parse(f"a{text}{said}")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_sentence_is_one_line_that_prints(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Failures tell what came from the network with the rest replaced."""
    ledger._say_failure(Refused("some_code", f"before{text}after"), as_json=False)
    line = capsys.readouterr().err.removesuffix("\n")
    assert line.isprintable()
    assert line.startswith("some_code: before\ufffd")
    assert line.endswith("after")
    assert plain("a plain text, \u00e9") == "a plain text, \u00e9"
