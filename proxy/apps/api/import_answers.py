"""What the API answers of imports. No person: pointers, codes and sentences alone.

Apart from what answers, for clients load it too. Source: contract, API (imports, operations).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from proxy.apps.problems import Item

if TYPE_CHECKING:
    from proxy.store.operations import LineError, Operation


class OperationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An import; counts are lines, `failed` is part of `done`."""

    id: str
    state: str
    total: int | None
    done: int
    failed: int
    errors_url: str
    absent: int | None
    reason: str | None


class LineProblem(msgspec.Struct, frozen=True):
    """Why a line failed."""

    line: int
    code: str
    errors: tuple[Item, ...]


class LineProblems(msgspec.Struct, frozen=True):
    """A page of failed lines; next is null on the last."""

    problems: tuple[LineProblem, ...]
    next: str | None


class Accepted(msgspec.Struct, frozen=True):
    """An operation was begun."""

    id: str


TYPES: Final = (OperationAnswer, LineProblems, Accepted)
"""What is answered, for the OpenAPI document."""


def operation_answer(operation: Operation) -> OperationAnswer:
    """The state of an import."""
    return OperationAnswer(
        id=str(operation.id),
        state=operation.state,
        total=operation.total,
        done=operation.done,
        failed=operation.failed,
        errors_url=f"/v1/operations/{operation.id}/errors",
        absent=operation.absent,
        reason=operation.reason,
    )


def line_problem(error: LineError) -> LineProblem:
    """A failed line."""
    items = tuple(Item(one.pointer, one.code, one.detail) for one in error.faults)
    return LineProblem(error.line, error.code, items)
