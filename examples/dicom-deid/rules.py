"""What to do with each attribute of a DICOM file.

The source is the Basic Application Level Confidentiality Profile (DICOM PS3.15, Table E.1-1).
Where it leaves a choice, ``rules.csv`` takes the one that keeps every kind of image valid. The
table names what cannot be told from the type of a value; the rest is decided by type, which covers
more than the standard demands: every person's name, date, time, free text, unique identifier and
private attribute, at any depth, whether the table knows it or not.
"""

from __future__ import annotations

import csv
from enum import StrEnum
from pathlib import Path

from pydicom.dataelem import DataElement

TABLE = Path(__file__).with_name("rules.csv")
DATES = frozenset({"DA", "DT", "TM"})
_BIRTH = frozenset({"PatientBirthDate", "PatientBirthTime"})
_CURVES = range(0x5000, 0x5100)
_OVERLAYS = range(0x6000, 0x6100)


class Action(StrEnum):
    """What is done with an attribute. The values are the letters of the standard's table."""

    KEEP = "K"
    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    UID = "U"
    CLEAN = "C"  # a sequence: the same rules for what is inside
    PATIENT = "P"  # ours: the patient's new name or id
    SHIFT = "S"  # ours: a date moved by the patient's number of days


BY_TYPE = {
    "PN": Action.EMPTY,
    "UI": Action.UID,
    "SQ": Action.CLEAN,
    **dict.fromkeys(("DA", "DT", "TM"), Action.REMOVE),
    **dict.fromkeys(("AE", "LT", "ST", "UC", "UN", "UR", "UT"), Action.REMOVE),
}


class Rules:
    """The table, and the rules by type for what it does not name."""

    def __init__(self, *, keep_dates: bool) -> None:
        self.keeps_dates = keep_dates
        with TABLE.open(newline="", encoding="utf-8") as rows:
            self._table = {row["keyword"]: Action(row["action"]) for row in csv.DictReader(rows)}

    def action(self, element: DataElement) -> Action:
        """What to do with one attribute."""
        tag, word = element.tag, element.keyword
        known = word or tag.group in _OVERLAYS
        if tag.is_private or not known or tag.element == 0:
            return Action.REMOVE
        if tag.group in _CURVES or tag.group in _OVERLAYS:
            return Action.REMOVE
        if self.keeps_dates and element.VR in DATES and word not in _BIRTH:
            return Action.SHIFT
        if element.VR == "UI" and word.endswith("SOPClassUID"):
            return Action.KEEP
        return self._table.get(word) or BY_TYPE.get(element.VR, Action.KEEP)
