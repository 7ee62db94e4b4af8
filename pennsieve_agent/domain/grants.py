"""Grants: which workflow may use which dataset, and how far.

A grant binds the compute nodes of its owner: they move data of granted datasets and of no other.
Pennsieve has no such object (``contracts/workflows.md`` 4.1). There, the users of the workflow's
own identity are put on the dataset (:mod:`pennsieve_agent.domain.workflow_identity`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from pennsieve_agent.errors import UsageProblem

_SPAN = re.compile(r"(\d{1,5})\s*([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_EXAMPLE = "for example: --until 2027-01-31, --until 30d or --until 12h"


class Access(StrEnum):
    """What a grant allows."""

    READ = "read"
    READ_WRITE = "read-write"

    @property
    def writes(self) -> bool:
        """Whether results may be written back."""
        return self is Access.READ_WRITE

    @property
    def words(self) -> str:
        """As it is told to people."""
        return "read and write" if self.writes else "read"


@dataclass(frozen=True, slots=True)
class Grant:
    """A workflow's grant on one dataset, as a compute node keeps it.

    ``by`` is the name and ``by_email`` the address of who gave it; ``at`` and ``until`` are in unix
    seconds, 0 for no end. ``ended`` is what the node says, whose clock decides.
    """

    workflow: str
    dataset: str
    dataset_name: str
    access: Access
    by: str = ""
    by_email: str = ""
    at: float = 0.0
    node: str = ""
    until: float = 0.0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Enablement:
    """A user of a workflow's identity on a dataset, as Pennsieve shows it.

    ``created_by`` and ``enabled_by`` are numbers of people; ``writes`` says that it is a manager.
    """

    workflow: str
    integration: int
    writes: bool
    name: str = ""
    created_by: str = ""
    enabled_by: str = ""
    enabled_at: str = ""


def parse_until(text: str, now: float) -> float:
    """When a grant ends, in unix seconds: after a date, to its end in UTC, or after a time.

    Raises:
        UsageProblem: it is not a date as ``2027-01-31`` nor a time as ``30d``, or is over already.
    """
    words = text.strip().lower()
    try:
        if match := _SPAN.fullmatch(words):
            until = now + int(match[1]) * _HOURS[match[2]] * 3600
            datetime.fromtimestamp(until, UTC)  # years that no calendar has are refused
        else:
            day = date.fromisoformat(words) + timedelta(days=1)
            until = datetime.combine(day, time(), UTC).timestamp()
    except (ValueError, OverflowError):
        raise UsageProblem(f"'{text}' is not a date or a duration", hint=_EXAMPLE) from None
    if until <= now:
        raise UsageProblem(f"--until '{text}' is in the past", hint=_EXAMPLE)
    return until


def until_words(until: float) -> str:
    """The end of a grant as people read it, in UTC: a date for the end of a day."""
    at = datetime.fromtimestamp(until, UTC)
    if at.time() == time():
        return f"{at - timedelta(days=1):%Y-%m-%d}"
    return f"{at:%Y-%m-%d %H:%M} UTC"
