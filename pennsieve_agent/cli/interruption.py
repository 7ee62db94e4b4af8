"""What Ctrl+C means at each moment of a command: what happened, what did not, how to go on.

By itself it knows whether anything was sent that changes something. A command that can say more
says it for the part in which it holds, by :meth:`Interruption.during`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

NOTHING = "interrupted: nothing was changed"
_ANY = ("the last change may or may not have been made", "check before you type it again", False)


class Interruption:
    """What is said after Ctrl+C."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self._changing = False
        self._part = _ANY

    def changing(self) -> None:
        """Note that something is sent now which changes something."""
        self._changing = True

    @contextmanager
    def during(self, happened: str, go_on: str, *, always: bool = False) -> Iterator[None]:
        """A part of a command: what has happened if it is interrupted, and what to type then.

        It is said once something was sent that changes something, or ``always``.
        """
        outer, self._part = self._part, (happened, go_on, always)
        yield
        # Left in its place where the part is left by an error: the boundary asks for it then.
        self._part = outer

    @property
    def words(self) -> str:
        """What has happened, and in a second line what to type next."""
        happened, go_on, always = self._part
        return f"interrupted: {happened}\n  {go_on}" if always or self._changing else NOTHING
