"""New names, ids, dates and paths for old ones, the same wherever the old one appears.

Everything is derived with a keyed hash (HMAC-SHA256): with the same key, files that are processed
in different runs still fit together; without the key nobody can try out names until one fits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydicom.uid import UID

MOST_DAYS = 3650
_UID_IN_PATH = re.compile(r"[0-2](?:\.\d+){4,}")
_SAME = {True: r"[^\W\d_]", False: r"\d"}
_DATE_IN_PATH = re.compile(r"(?<!\d)(?:19|20)\d{6}(?!\d)")


class Pseudonyms:
    """Answers the same replacement for the same original, for one key."""

    def __init__(self, key: bytes, prefix: str) -> None:
        self._key = key
        self._prefix = prefix

    def _digest(self, kind: str, original: str) -> bytes:
        return hmac.digest(self._key, f"{kind}\0{original}".encode(), hashlib.sha256)

    def patient(self, identity: str) -> str:
        """A patient's new name and id."""
        return f"{self._prefix}-{self._digest('patient', identity).hex()[:10]}"

    def study(self, number: str) -> str:
        """What stands in a path for a study's number or id."""
        return f"study-{self._digest('study', number).hex()[:10]}"

    def uid(self, original: str) -> str:
        """A new unique identifier; one that the standard itself defines is answered unchanged."""
        if not original or UID(original).name != original:
            return original
        return f"2.25.{int.from_bytes(self._digest('uid', original)[:16])}"

    def shift(self, date: str, identity: str) -> str:
        """A DICOM date or date-time, moved back by the patient's days; empty if unreadable."""
        days = 1 + int.from_bytes(self._digest("days", identity)[:8]) % MOST_DAYS
        text = date.strip().replace(".", "", 2) if date[4:5] == "." else date.strip()
        try:
            moved = datetime.strptime(text[:8], "%Y%m%d") - timedelta(days=days)  # noqa: DTZ007 - a DICOM date has no zone
        except (ValueError, OverflowError):
            return ""
        return f"{moved:%Y%m%d}{text[8:]}"


class Paths:
    """Paths for results, without the identities that people put into folder and file names."""

    def __init__(self, pseudonyms: Pseudonyms, replacements: Mapping[str, str]) -> None:
        self._pseudonyms = pseudonyms
        self._new = {word.casefold(): new for word, new in replacements.items()}
        longest_first = sorted(self._new, key=len, reverse=True)
        self._known = re.compile("|".join(map(_pattern, longest_first)) or r"(?!)", re.IGNORECASE)

    def safe(self, path: str) -> str:
        """The path with patients' names and ids, studies' ids and dates replaced."""
        path = self._known.sub(lambda found: self._new[found[0].casefold()], path)
        path = _UID_IN_PATH.sub(lambda found: self._pseudonyms.uid(found[0]), path)
        return _DATE_IN_PATH.sub("date", path)


def _pattern(word: str) -> str:
    """The word where no letter goes on with its letters, and no digit with its digits."""
    before = _SAME.get(word[0].isalpha(), "") if word[0].isalnum() else ""
    after = _SAME.get(word[-1].isalpha(), "") if word[-1].isalnum() else ""
    return (
        (f"(?<!{before})" if before else "") + re.escape(word) + (f"(?!{after})" if after else "")
    )
