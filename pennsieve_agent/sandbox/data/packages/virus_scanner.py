"""The virus scanner: what a file's ``scanStatus`` is (``contracts/core.md`` 3.5).

A file that holds the EICAR test text, which every scanner agrees to call a virus, is infected;
every other file is clean. The contract leaves the words open except for ``infected`` and
``failed``; ``clean`` is ours.
"""

from __future__ import annotations

from pathlib import Path

CLEAN = "clean"
INFECTED = "infected"
_TEST_SIZES = range(68, 129)
_TEST_TEXT = bytes(  # spelled so that this file is not taken for a virus itself
    letter ^ 1
    for letter in (b"Y4N Q$A@QZ5]Q[Y45)Q_(6BB(6|%DHB@S,RU@OE@SE,@OUHWHSTR,UDRU,GHMD %I*I+")
)


def scan_status(path: Path, size: int) -> str:
    """Whether a file is infected. One that went away is clean."""
    if size not in _TEST_SIZES:
        return CLEAN
    try:
        with path.open("rb") as file:
            return INFECTED if file.read(len(_TEST_TEXT)) == _TEST_TEXT else CLEAN
    except OSError:
        return CLEAN
