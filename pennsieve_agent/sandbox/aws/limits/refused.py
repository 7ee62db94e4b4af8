"""What AWS says to a request that it does not take."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - a kind of answer
    """AWS's code, words and status."""

    def __init__(self, code: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.text, self.status = code, text, status
