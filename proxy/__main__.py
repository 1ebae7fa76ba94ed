"""The program: `privacyproxy`, or `python -m proxy`."""

from __future__ import annotations

import sys

from proxy.run.cli import main as command_line


def main() -> int:
    """The exit code of one command."""
    return command_line.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
