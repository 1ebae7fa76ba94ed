"""Metrics: plain numbers that travel, add up, and render."""

from __future__ import annotations

import json

import pytest

from proxy import metrics
from proxy.apps import metrics as listener
from proxy.metrics import Registry


def _worker(found: int) -> metrics.Snapshot:
    registry = Registry()
    registry.counter("whois_queries", result="found").value += found
    registry.histogram("whois_seconds", (0.001, 0.01)).observe(0.005)
    registry.gauge("snapshot_age_seconds").value = 1.5
    return registry.snapshot()


def test_one_series_is_one_object() -> None:
    """Asking twice for the same name and labels gives the same counter, in any label order."""
    registry = Registry()
    first = registry.counter("hits", kind="a", result="b")
    assert registry.counter("hits", result="b", kind="a") is first
    assert registry.counter("hits", result="c", kind="a") is not first


def test_a_snapshot_is_json() -> None:
    """A snapshot survives JSON unchanged: it is how it reaches the supervisor."""
    assert json.loads(json.dumps(_worker(2))) == _worker(2)


@pytest.mark.parametrize(
    ("seconds", "place"), [(0.0, 0), (0.001, 0), (0.0011, 1), (0.01, 1), (5.0, 2)]
)
def test_a_duration_falls_into_the_bucket_that_holds_it(seconds: float, place: int) -> None:
    """A bound belongs to its own bucket; what is above all bounds goes last."""
    histogram = Registry().histogram("x", (0.001, 0.01))
    histogram.observe(seconds)
    assert histogram.counts.index(1) == place


def test_totals_add_counters_and_histograms_and_leave_gauges() -> None:
    """Two workers' counters and buckets add up; a level of one process is not summed."""
    total = metrics.add_totals(_worker(2), _worker(3))
    assert total["counters"][0]["value"] == 5
    assert total["histograms"][0]["counts"] == [0, 2, 0]
    assert total["gauges"] == []


def test_gauges_are_refreshed_before_a_snapshot() -> None:
    """A gauge that is an age is computed when it is asked for."""
    registry = Registry()
    age = registry.gauge("age_seconds")

    def refresh() -> None:
        age.value = 7.0

    registry.refresh_with(refresh)
    assert registry.snapshot()["gauges"][0]["value"] == 7.0


def _status(state: str) -> listener.Status:
    return listener.Status(
        roles={"edge": state, "database": "ready"},
        totals={"edge": metrics.add_totals(_worker(2), _worker(3))},
        levels=[listener.Level(role="edge", worker=1, gauges=_worker(0)["gauges"])],
    )


def test_the_text_format_holds_sums_by_role_and_levels_by_worker() -> None:
    """Counters and buckets are sums of a role's workers; gauges name their worker."""
    text = listener.render(_status("ready")).decode()
    assert 'privacyproxy_whois_queries_total{result="found",role="edge"} 5.0' in text
    assert 'privacyproxy_whois_seconds_bucket{le="0.01",role="edge"} 2.0' in text
    assert 'privacyproxy_whois_seconds_bucket{le="+Inf",role="edge"} 2.0' in text
    assert 'privacyproxy_whois_seconds_count{role="edge"} 2.0' in text
    assert 'privacyproxy_snapshot_age_seconds{role="edge",worker="1"} 1.5' in text
    assert text.count("# TYPE privacyproxy_whois_queries_total counter") == 1


@pytest.mark.parametrize(("state", "expected"), [("ready", 1.0), ("starting", 0.0), ("down", 0.0)])
def test_a_role_is_ready_or_not(state: str, expected: float) -> None:
    """Only a role whose every process answers counts as ready."""
    status = _status(state)
    assert status.is_ready == bool(expected)
    assert f'privacyproxy_role_ready{{role="edge"}} {expected}' in listener.render(status).decode()


def test_a_counter_and_a_gauge_of_one_name_stay_apart() -> None:
    """`x_total` and `x` are families of their own, each under its own type line."""
    registry = Registry()
    registry.counter("failed_total").value += 2
    registry.gauge("failed").value = 1.0
    snapshot = registry.snapshot()
    status = listener.Status(
        roles={},
        totals={"vault": snapshot},
        levels=[listener.Level(role="vault", worker=0, gauges=snapshot["gauges"])],
    )
    text = listener.render(status).decode()
    assert "# TYPE privacyproxy_failed_total counter" in text
    assert "# TYPE privacyproxy_failed gauge" in text
