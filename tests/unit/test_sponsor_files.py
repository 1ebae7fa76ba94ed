"""The operator's file of registries as the worker reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.errors import InvalidInput
from proxy.run import sponsors
from proxy.wire import registries_document

if TYPE_CHECKING:
    from pathlib import Path


def test_a_bootstrap_file_lies_beside_the_file_that_names_it(tmp_path: Path) -> None:
    """A relative path is relative to the file, wherever the process runs."""
    (tmp_path / "dns.json").write_text('{"services": [[["com"], ["https://rdap.test/"]]]}')
    file = tmp_path / "registries.toml"
    file.write_text('bootstrap = "dns.json"\n')
    assert list(sponsors.load(file).by_tld) == ["com"]


@pytest.mark.parametrize("text", [None, 'bootstrap = "missing.json"', "[", "x" * 100])
def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, text: str | None) -> None:
    """Missing, naming a missing one, or no TOML: one code."""
    file = tmp_path / "registries.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        sponsors.load(file)
    assert caught.value.code == "registries_malformed"


def test_a_file_without_end_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit protects the worker."""
    monkeypatch.setattr(registries_document, "OCTETS", 10)
    file = tmp_path / "registries.toml"
    file.write_text("# " + "x" * 100)
    with pytest.raises(InvalidInput):
        sponsors.load(file)
