"""Take what a mail host reports of a notice: the incoming half of a relay.

The notice is known by its return path; the report's own words name none that would be believed.
What is noted is noted durably before the host hears that we have it. A second report, or a forged
one, changes nothing that stands: times of proof never move, and after a bounce no report proves
anything. Source: RFC 3464; casework invariant 45.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import structlog

from proxy.model.notice import ReportedAction
from proxy.store import notices as store

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.metrics import Registry
    from proxy.model.case import NoticeId
    from proxy.model.notice import Report
    from proxy.store.pool import Connection

_log = structlog.get_logger()


async def take(
    connection: Connection,
    notice_id: NoticeId,
    report: Report,
    *,
    metrics: Registry,
    now: datetime,
) -> bool:
    """Whether the report was news."""
    match report.action:
        case ReportedAction.FAILED:
            reason = "reported_" + (report.status.replace(".", "_") or "failed")
            is_news = await store.note_bounced(connection, notice_id, now=now, reason=reason)
            metrics.counter("notices_bounced_total").value += int(is_news)
        case ReportedAction.DELIVERED:
            is_news = await store.note_reported(connection, notice_id, now=now)
        case (
            # Into where nobody answers for it, or to several: no proof. On its way: no news.
            ReportedAction.RELAYED
            | ReportedAction.EXPANDED
            | ReportedAction.DELAYED
            | ReportedAction.NONE
        ):
            is_news = False
        case _:
            assert_never(report.action)
    _log.info(
        "notice_reported", notice_id=str(notice_id), state=report.action.value, count=int(is_news)
    )
    return is_news
