"""What carries a signed search says nothing of it when it is printed."""

from __future__ import annotations

from proxy.apps.api.search import SearchRequest
from proxy.wire import frames


def test_no_carrier_of_a_value_prints_it() -> None:
    """Neither the API's body nor any request to the vault."""
    signature = frames.Signature(person="p", key="k", signature="s")
    for one in (
        SearchRequest(document="zqmark", signature="s"),
        frames.Find(document="zqmark", signature="s"),
        frames.Search(document="zqmark", signature=signature),
        frames.Match(document="zqmark", signature=signature),
    ):
        assert repr(one) == f"<{type(one).__name__}>"
