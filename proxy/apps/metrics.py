"""The metrics and health listener: what the processes counted, and whether they answer.

`/metrics` is the Prometheus text format, `/health/live` says that the supervisor runs,
`/health/ready` names each role and is 503 until all of them answer. Knows no process: it is
handed a function that tells the present status. Nothing here is secret and nothing is personal,
but the listener belongs on a private address.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from proxy.metrics import Distribution, Series, Snapshot

PREFIX = "privacyproxy_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The gauges of one living process."""

    role: str
    worker: int
    gauges: Sequence[Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The service at one moment."""

    roles: Mapping[str, str]
    """`ready`, `starting` or `down` by role; the worst of its processes."""

    totals: Mapping[str, Snapshot]
    """Counters and histograms by role, those of dead processes included."""

    levels: Sequence[Level]

    @property
    def is_ready(self) -> bool:
        """Whether every role answers."""
        return all(state == "ready" for state in self.roles.values())


def application(status: Callable[[], Status]) -> web.Application:
    """The aiohttp application; `status` is asked at each request."""

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=render(status()), headers={"Content-Type": CONTENT_TYPE})

    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(_request: web.Request) -> web.Response:
        now = status()
        return web.json_response(
            {"ready": now.is_ready, "roles": dict(now.roles)}, status=200 if now.is_ready else 503
        )

    made = web.Application()
    made.router.add_get("/metrics", metrics)
    made.router.add_get("/health/live", live)
    made.router.add_get("/health/ready", ready)
    return made


def render(status: Status) -> bytes:
    """The status in Prometheus text format; series of all workers of a role are one."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(status))
    return generate_latest(registry)


class _Collector:
    """Hands prometheus_client ready-made families: it keeps no numbers of its own."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterable[Metric]:
        """Every family, its samples together, as the format demands."""
        families: dict[tuple[str, str], Metric] = {}
        for name, kind, sample, labels, value in self._samples():
            # A counter `x_total` and a gauge `x` are two families.
            family = families.setdefault(
                (name, kind), Metric(PREFIX + name, name.replace("_", " "), kind)
            )
            family.add_sample(PREFIX + sample, labels, value)
        return families.values()

    def _samples(self) -> Iterator[tuple[str, str, str, dict[str, str], float]]:
        for role, state in self._status.roles.items():
            yield "role_ready", "gauge", "role_ready", {"role": role}, float(state == "ready")
        for role, totals in self._status.totals.items():
            for series in totals["counters"]:
                name = series["name"].removesuffix("_total")
                labels = {**series["labels"], "role": role}
                yield name, "counter", f"{name}_total", labels, series["value"]
            for part in totals["histograms"]:
                yield from _buckets(role, part)
        for level in self._status.levels:
            whose = {"role": level.role, "worker": str(level.worker)}
            for series in level.gauges:
                name = series["name"]
                yield name, "gauge", name, {**series["labels"], **whose}, series["value"]


def _buckets(
    role: str, part: Distribution
) -> Iterator[tuple[str, str, str, dict[str, str], float]]:
    name, labels = part["name"], {**part["labels"], "role": role}
    bounds = [*(f"{bound:g}" for bound in part["bounds_s"]), "+Inf"]
    for bound, count in zip(bounds, accumulate(part["counts"]), strict=True):
        yield name, "histogram", f"{name}_bucket", {**labels, "le": bound}, count
    yield name, "histogram", f"{name}_count", labels, sum(part["counts"])
    yield name, "histogram", f"{name}_sum", labels, part["sum_s"]
