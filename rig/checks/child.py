"""One check in a process of its own: `python -m rig.checks.child MODULE FD`, settings as JSON on stdin.

What it finds is written line by line to the file descriptor FD, so that what a library prints cannot get between, and what
was found before a crash is not lost.
"""

import importlib
import os
import sys
from typing import Any

import msgspec

from shared.checkup import Finding
from shared.errors import MirrorError


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: something found, or how far it is."""

    finding: Finding | None = None
    share: float = 0.0
    what: str = ""


def main(module: str, descriptor: int) -> int:
    """Run the check; what it raises is a finding, too."""
    settings: dict[str, Any] = msgspec.json.decode(sys.stdin.buffer.read())
    with os.fdopen(descriptor, "wb", buffering=0) as out:

        def tell(line: Line) -> None:
            out.write(msgspec.json.encode(line) + b"\n")

        try:
            run = importlib.import_module(module).run_checkup
            for finding in run(settings, lambda share, what: tell(Line(share=share, what=what))):
                tell(Line(finding=finding))
        except MirrorError as error:
            tell(Line(finding=Finding(check=_name(module), state="wrong", found="cannot be checked", cure=str(error))))
    return 0


def _name(module: str) -> str:
    return f"engine of {module.split('.')[-2]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
