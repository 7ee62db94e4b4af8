"""A picture of a receipt's page, for the README.

Run by hand: ``python -m tests.tools.picture RECEIPT_DIR OUT.png``. It needs Debian's ``chromium``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pennsieve_agent.domain.receipt.form import PAGE
from tests.browser import PROGRAM, browser

WIDTH = 1200
MOST_BYTES = 300_000
_HEIGHT, _LEAST, _LESS = 1500, 300, 0.85


def picture(folder: Path) -> bytes:
    """The top of the page in a receipt's folder, as PNG, as high as the size allows."""
    with browser() as opened:
        opened.open(folder / PAGE, width=WIDTH)
        height = _HEIGHT
        data = opened.picture(most_height=height)
        while len(data) > MOST_BYTES and height > _LEAST:
            height = int(height * _LESS)
            data = opened.picture(most_height=height)
    return data


def main(arguments: Sequence[str]) -> int:
    """Write the picture. Answers the exit code."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m tests.tools.picture RECEIPT_DIR OUT.png\n")
        return 2
    folder, target = map(Path, arguments)
    if not PROGRAM:
        sys.stderr.write("error: chromium is not installed\n")
        return 1
    if not (folder / PAGE).is_file():
        sys.stderr.write(f"error: {folder} has no {PAGE}\n")
        return 1
    target.write_bytes(picture(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
