"""Counters, gauges and histograms of one process, as plain numbers.

Holds what a hot path may touch: adding to a counter is one attribute addition, no lock, no call.
Must not know Prometheus or any socket: `apps.metrics` renders, `run.supervise` sums the processes.
Names are Prometheus names without the `privacyproxy_` prefix; labels are closed sets of short
words, never a client address, a name, or anything a stranger chooses.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LATENCY_BOUNDS_S = (0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1)
"""Upper bounds in seconds that fit a look-up in memory as well as a slow database."""

Labels = tuple[tuple[str, str], ...]
"""Label names and values, sorted by name: one series."""


class Series(TypedDict):
    """One counter or gauge as it travels to the supervisor."""

    name: str
    labels: dict[str, str]
    value: float


class Distribution(TypedDict):
    """One histogram as it travels: `counts` has one place more than `bounds_s`, for the rest."""

    name: str
    labels: dict[str, str]
    bounds_s: list[float]
    counts: list[int]
    sum_s: float


class Snapshot(TypedDict):
    """All series of one process at one moment; JSON-able."""

    counters: list[Series]
    gauges: list[Series]
    histograms: list[Distribution]


@dataclass(slots=True, kw_only=True)
class Counter:
    """A total that only grows: `counter.value += 1`."""

    value: int = 0


@dataclass(slots=True, kw_only=True)
class Gauge:
    """A level that rises and falls: `gauge.value = 3.0`."""

    value: float = 0.0


@dataclass(slots=True, kw_only=True)
class Histogram:
    """How often a duration fell at or under each bound, in seconds."""

    bounds_s: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum_s: float = 0.0

    def __post_init__(self) -> None:
        """Start every bucket at zero, the last one for what is above all bounds."""
        self.counts = [0] * (len(self.bounds_s) + 1)

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(self.bounds_s, seconds)] += 1
        self.sum_s += seconds


class Registry:
    """The series of one process. Asking twice for one series gives the same object."""

    def __init__(self) -> None:
        """Start empty."""
        self._counters: dict[tuple[str, Labels], Counter] = {}
        self._gauges: dict[tuple[str, Labels], Gauge] = {}
        self._histograms: dict[tuple[str, Labels], Histogram] = {}
        self._refreshers: list[Callable[[], None]] = []

    def counter(self, name: str, /, **labels: str) -> Counter:
        """The counter of that name and those labels; made at zero when new."""
        return self._counters.setdefault((name, _key(labels)), Counter())

    def gauge(self, name: str, /, **labels: str) -> Gauge:
        """The gauge of that name and those labels; made at zero when new."""
        return self._gauges.setdefault((name, _key(labels)), Gauge())

    def histogram(
        self, name: str, bounds_s: Sequence[float] = LATENCY_BOUNDS_S, /, **labels: str
    ) -> Histogram:
        """The histogram of that name and those labels; the bounds of its first asking hold."""
        return self._histograms.setdefault(
            (name, _key(labels)), Histogram(bounds_s=tuple(bounds_s))
        )

    def forget(self, **labels: str) -> None:
        """Drop every gauge that has these labels: what it was the level of is no more."""
        gone = set(labels.items())
        self._gauges = {key: one for key, one in self._gauges.items() if not gone <= set(key[1])}

    def refresh_with(self, refresh: Callable[[], None]) -> None:
        """Have `refresh` called before each snapshot, to set gauges that are costly or ages."""
        self._refreshers.append(refresh)

    def snapshot(self) -> Snapshot:
        """All series as they stand, JSON-able, in order of name and labels."""
        for refresh in self._refreshers:
            refresh()
        return Snapshot(
            counters=_series(self._counters),
            gauges=_series(self._gauges),
            histograms=[
                Distribution(
                    name=name,
                    labels=dict(labels),
                    bounds_s=list(histogram.bounds_s),
                    counts=list(histogram.counts),
                    sum_s=histogram.sum_s,
                )
                for (name, labels), histogram in sorted(
                    self._histograms.items(), key=lambda entry: entry[0]
                )
            ],
        )


def add_totals(total: Snapshot, more: Snapshot) -> Snapshot:
    """Counters and histograms of both added up, series by series; gauges are left out.

    A gauge is the level of one living process: summing levels, or keeping a dead one's, would lie.
    A histogram whose bounds differ from the first one's is a bug and raises ValueError.
    """
    registry = Registry()
    for snapshot in (total, more):
        for series in snapshot["counters"]:
            registry.counter(series["name"], **series["labels"]).value += int(series["value"])
        for part in snapshot["histograms"]:
            histogram = registry.histogram(part["name"], part["bounds_s"], **part["labels"])
            histogram.counts = [
                a + b for a, b in zip(histogram.counts, part["counts"], strict=True)
            ]
            histogram.sum_s += part["sum_s"]
    return registry.snapshot()


def empty() -> Snapshot:
    """A snapshot without series."""
    return Snapshot(counters=[], gauges=[], histograms=[])


def _key(labels: dict[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _series(held: Mapping[tuple[str, Labels], Counter | Gauge]) -> list[Series]:
    return [
        Series(name=name, labels=dict(labels), value=series.value)
        for (name, labels), series in sorted(held.items(), key=lambda entry: entry[0])
    ]
