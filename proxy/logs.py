"""How the program logs: structlog to standard error, by an allow-list of keys.

An event is a constant snake_case word; what belongs to it are ids, counts, durations and codes
under the keys below. A key that is not listed is dropped before anything is written, because a
personal value that was never written can not leak; tests switch `strict` on and see it raise.
Never logged: names, addresses, phones, client addresses, query text, bodies, SQL arguments,
exception texts. A bug is logged as the type and place of its exception, without its message.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, TextIO

import structlog
from typing_extensions import override

if TYPE_CHECKING:
    import asyncio
    from collections.abc import MutableMapping, Sequence
    from types import TracebackType

KEYS = frozenset(
    {
        # who speaks
        "role", "worker", "pid", "reference",
        # what it is about: ids and codes, never values
        "tenant_id", "registration_id", "case_id", "operation_id", "submission_id", "record_class",
        "record_version", "kek_epoch", "accreditation_id", "profile_id", "api_key_id", "code",
        "constraint", "library", "grant", "purpose", "state", "reason", "migration", "listener",
        "deposit_id", "stream", "method", "route", "status", "setting", "signal", "task", "error",
        "places",
        "notice_id", "webhook_id", "event_id",
        # a handle of staff or of the roster, which stands for a person and names none
        "person",
        # how much, how long, where to
        "count", "total", "done", "failed", "octets", "epoch", "position", "leaf_index", "entry_id",
        "exit_code", "deaths", "delay_s", "duration_s", "age_s", "port",
    }
)  # fmt: skip
"""Every key an event may carry."""

_FRAMEWORK = frozenset({"event", "level", "timestamp"})
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class UnknownLogKey(Exception):
    """A test logged under a key that is not on the list."""


def configure(
    *,
    format_name: str = "auto",
    level: str = "info",
    strict: bool = False,
    stream: TextIO | None = None,
) -> None:
    """Set the whole process's logging; `format_name` and `level` as in the settings.

    `strict` makes an unlisted key raise UnknownLogKey instead of dropping it.
    """
    out = sys.stderr if stream is None else stream
    human = format_name == "console" or (format_name == "auto" and out.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if human
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _AllowList(strict=strict),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


def bind(**values: str | int) -> None:
    """Have every later event of this context carry `values`, such as the role."""
    structlog.contextvars.bind_contextvars(**values)


def places(error: BaseException, *, most: int = 6) -> tuple[str, ...]:
    """Where an exception came from, innermost last, as `file:line function`; no values, no text."""
    return _frames(error.__traceback__)[-most:]


def _frames(trace: TracebackType | None) -> tuple[str, ...]:
    frames: Sequence[traceback.FrameSummary] = traceback.extract_tb(trace)
    return tuple(
        f"{frame.filename.rpartition('/proxy/')[2]}:{frame.lineno} {frame.name}" for frame in frames
    )


def catch_bugs() -> None:
    """Have whatever nobody caught in this process logged without its text.

    Python's own hooks, and the standard logging that libraries use, print exception texts and
    request lines; both are replaced by one event with the type and place.
    """
    logging.root.handlers = [_Bridge()]
    logging.root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda _kind, error, _trace: _bug("uncaught", error)
    sys.unraisablehook = lambda unraisable: _bug("unraisable", unraisable.exc_value)


def catch_loop_bugs(loop: asyncio.AbstractEventLoop) -> None:
    """The same for tasks and callbacks of one event loop."""

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        _bug("loop", error if isinstance(error, BaseException) else None)

    loop.set_exception_handler(handle)


def _bug(library: str, error: BaseException | None) -> None:
    structlog.get_logger().error(
        "uncaught_exception",
        library=library,
        error=type(error).__name__,
        places=() if error is None else places(error),
    )


class _Bridge(logging.Handler):
    """What a library logs, without its message: its name, level, and the exception's place."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno,
            "library_message",
            library=record.name,
            error="" if error is None else type(error).__name__,
            places=() if error is None else places(error),
        )


class _AllowList:
    """The processor that lets only listed keys pass."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, object]
    ) -> MutableMapping[str, object]:
        unknown = event.keys() - KEYS - _FRAMEWORK
        if unknown and self._strict:
            raise UnknownLogKey(", ".join(sorted(unknown)))
        for key in unknown:
            del event[key]
        return event
