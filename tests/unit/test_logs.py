"""Logs: only listed keys, never an exception's text."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from typing import TYPE_CHECKING

import pytest
import structlog

from proxy import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "Erika Mustermann"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where this test's logging goes; the process's own is put back."""
    handlers, level = logging.root.handlers, logging.root.level
    hooks = sys.excepthook, sys.unraisablehook
    yield io.StringIO()
    logging.captureWarnings(capture=False)
    logging.root.handlers, logging.root.level = handlers, level
    sys.excepthook, sys.unraisablehook = hooks
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def test_an_unlisted_key_is_dropped(stream: io.StringIO) -> None:
    """A key that is not on the list never reaches the log."""
    logs.configure(stream=stream)
    structlog.get_logger().info("registered", count=3, holder_name=SECRET)
    assert SECRET not in stream.getvalue()
    assert json.loads(stream.getvalue())["count"] == 3


def test_strict_logging_refuses_an_unlisted_key(stream: io.StringIO) -> None:
    """Tests see an unlisted key as an error."""
    logs.configure(stream=stream, strict=True)
    with pytest.raises(logs.UnknownLogKey, match="holder_name"):
        structlog.get_logger().info("registered", holder_name=SECRET)


def test_programs_get_one_json_object_a_line(stream: io.StringIO) -> None:
    """Without a terminal every event is one line of JSON with level and time."""
    logs.configure(stream=stream)
    logs.bind(role="api")
    structlog.get_logger().warning("first")
    structlog.get_logger().debug("too_little")
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert (event["event"], event["role"], event["level"]) == ("first", "api", "warning")


def test_a_library_message_loses_its_text(stream: io.StringIO) -> None:
    """What libraries log is reduced to their name and the exception's type."""
    logs.configure(stream=stream)
    logs.catch_bugs()
    try:
        int(SECRET)
    except ValueError:
        logging.root.getChild("aiohttp.server").exception("request of %s failed", SECRET)
    event = json.loads(stream.getvalue())
    assert SECRET not in stream.getvalue()
    assert (event["library"], event["error"]) == ("aiohttp.server", "ValueError")
    assert event["places"]


def test_an_uncaught_exception_loses_its_text(stream: io.StringIO) -> None:
    """Python's own last words about a bug hold its type and place, not its text."""
    logs.configure(stream=stream)
    logs.catch_bugs()
    try:
        int(SECRET)
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    assert SECRET not in stream.getvalue()
    assert json.loads(stream.getvalue())["error"] == "ValueError"


async def test_a_failing_task_loses_its_text(stream: io.StringIO) -> None:
    """An event loop's report of a bug holds no text either."""
    logs.configure(stream=stream)
    loop = asyncio.get_running_loop()
    logs.catch_loop_bugs(loop)
    loop.call_exception_handler({"message": SECRET, "exception": ValueError(SECRET)})
    assert SECRET not in stream.getvalue()
    assert json.loads(stream.getvalue())["error"] == "ValueError"
