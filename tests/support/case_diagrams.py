"""Write proxy/docs/cases.md from the tables: `python -m tests.support.case_diagrams`."""

from __future__ import annotations

from pathlib import Path

from proxy.run import case_types
from proxy.wire import case_diagram

PAGE = Path(__file__).parents[2] / "proxy" / "docs" / "cases.md"


def page() -> str:
    """The page as the tables have it now."""
    return case_diagram.page(case_types.load().values(), case_types.limits())


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
