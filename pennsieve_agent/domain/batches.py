"""Batches: many runs of one workflow on one dataset, one for each subject. Pure.

A subject may be attempted more than once; each attempt is a run of its own. The documents are those
of an own node's gateway (protocol 1), written by the node and read by the program alike.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from typing import Any, Self

from pennsieve_agent.domain.forecast import Forecast
from pennsieve_agent.domain.mail import MailTo
from pennsieve_agent.domain.run_results import own_folder
from pennsieve_agent.domain.server_word import ServerWord

Json = Mapping[str, Any]
MOST_RUNS = 10_000
"""The most runs of a batch."""
MOST_SUBJECT = 128
"""Characters of the longest subject."""
MOST_PART = 240
"""Bytes of the longest part of a subject between its slashes, in UTF-8. It names a folder, and file
systems have at most 255 bytes for that (POSIX, "NAME_MAX" of Linux); ``-attempt-10`` may follow."""
MOST_NAME = 127
"""Characters of the longest name of a batch: with a slash and a subject it names a run."""
PARALLEL, MOST_PARALLEL = 50, 500
"""How many runs of a batch run at once where nobody chooses, and at most."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class RowStatus(ServerWord):
    """State of one subject: that of its newest run, or waiting for one.

    ``SKIPPED`` is a subject whose run never began: the reason says why.
    """

    WAITING = "WAITING"
    NOT_STARTED = "NOT_STARTED"
    STARTED = "STARTED"
    FINALIZING = "FINALIZING"
    CANCELING = "CANCELING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        """Whether this attempt can change no more."""
        return self.value in _FINAL

    @property
    def group(self) -> str:
        """Under which of the counts it is: ``waiting``, ``running``, ``succeeded`` and so on."""
        return self.value.lower() if self is RowStatus.WAITING or self.is_final else "running"


_FINAL = {"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED"}


class BatchStatus(ServerWord):
    """State of a batch. ``FAILED`` is one that is over and has a run that failed or was skipped."""

    STARTED = "STARTED"
    CANCELING = "CANCELING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.value in _FINAL


def run_id(batch: str, subject: str, attempt: int = 1) -> str:
    """The id of a subject's run: the same wherever it is computed, so none is sent twice.

    ``attempt`` counts from 1.

    Raises:
        ValueError: ``batch`` is not a UUID.

    """
    return str(uuid.uuid5(uuid.UUID(batch), f"{subject}#{attempt}"))


def run_name(batch_name: str, subject: str) -> str:
    """The name of a subject's run, which also names the folder of its results."""
    return f"{batch_name}/{subject}"


def tidy_subject(text: str) -> str:
    """A subject in one spelling (Unicode NFC), as two systems may spell one folder differently."""
    return unicodedata.normalize("NFC", text)


def subject_problem(subject: str) -> str:
    """Why a subject is not valid, in words; empty when it is."""
    parts = [part.strip() for part in subject.split("/")]
    longest = max(len(part.encode(errors="replace")) for part in parts)
    rules = {
        "a subject needs a name": not subject,
        f"a subject has at most {MOST_SUBJECT} characters": len(subject) > MOST_SUBJECT,
        f"a part of a subject is at most {MOST_PART} bytes long; it is {longest}": (
            longest > MOST_PART
        ),
        "a subject has no control characters": bool(_CONTROL.search(subject)),
        "a subject does not begin with '-'": subject.startswith("-"),
        "a subject has no empty part and no '.' or '..' between its slashes": bool(
            {"", ".", ".."}.intersection(parts)
        ),
        "a subject is written in Unicode's normal form NFC": subject != tidy_subject(subject),
    }
    return next((words for words, is_broken in rules.items() if is_broken), "")


def valid_subject(subject: str) -> bool:
    """Whether a subject is valid: 1 to 128 characters that can name a folder of results."""
    return not subject_problem(subject)


def subject_key(subject: str) -> str:
    """What subjects have in common whose results would go to one folder."""
    return own_folder(tidy_subject(subject)).casefold()


def doubled(subjects: Iterable[str]) -> list[tuple[str, ...]]:
    """The subjects whose results would go to one folder, together."""
    groups: dict[str, list[str]] = {}
    for subject in subjects:
        groups.setdefault(subject_key(subject), []).append(subject)
    return [tuple(group) for group in groups.values() if len(group) > 1]


@dataclass(frozen=True, slots=True)
class BatchOf:
    """What a run says of its batch. ``attempt`` counts from 1."""

    id: str
    name: str
    subject: str
    attempt: int = 1

    @classmethod
    def of(cls, document: object) -> Self | None:
        """The ``batch`` of a run's document; None for a run that is in none."""
        if not isinstance(document, Mapping) or not document.get("id"):
            return None
        number = document.get("attempt")
        return cls(
            _text(document, "id"),
            _text(document, "name"),
            _text(document, "subject"),
            number if isinstance(number, int) else 1,
        )

    def document(self) -> dict[str, Any]:
        """As a run's document has it."""
        return {field_.name: getattr(self, field_.name) for field_ in fields_of(self)}


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One subject of a batch with its newest attempt.

    ``index`` is its place in the batch, ``run`` empty where none was begun. ``steps`` are state and
    reason by step. Times are ISO 8601 text, empty when not reached; ``cost`` is in USD, None where
    nobody counted it.
    """

    index: int
    subject: str
    run: str = ""
    attempt: int = 1
    status: RowStatus = RowStatus.WAITING
    reason: str = ""
    steps: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    created: str = ""
    started: str = ""
    ended: str = ""
    cost: float | None = None

    @classmethod
    def of(cls, document: Json) -> Self:
        """A row of ``GET /batches/ID/rows``.

        Raises:
            ValueError: it is something else.

        """
        return cls(
            index=_count(document, "index"),
            subject=_text(document, "subject"),
            run=_text(document, "run"),
            attempt=_count(document, "attempt", 1),
            status=RowStatus.of(document.get("status")),
            reason=_text(document, "reason"),
            steps={
                str(step): (str(state), str(reason))
                for step, (state, reason) in _map(document, "steps").items()
            },
            **{name: _text(document, name) for name in ("created", "started", "ended")},
            cost=_cost(document),
        )

    @property
    def step_states(self) -> Mapping[str, tuple[str, str]]:
        """State and reason by step; one that had not started when its run ended is skipped."""
        if not self.status.is_final:
            return self.steps
        words = {"NOT_STARTED": "SKIPPED"}
        return {step: (words.get(state, state), why) for step, (state, why) in self.steps.items()}

    def document(self) -> dict[str, Any]:
        """As ``GET /batches/ID/rows`` has it."""
        values = {field_.name: getattr(self, field_.name) for field_ in fields_of(self)}
        steps = {step: list(state) for step, state in self.steps.items()}
        return values | {"status": self.status.value, "steps": steps}


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """How many subjects are in each state."""

    waiting: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    skipped: int = 0

    @classmethod
    def of_rows(cls, statuses: Iterable[RowStatus]) -> Self:
        """The counts of rows."""
        counts: dict[str, int] = {}
        for status in statuses:
            counts[status.group] = counts.get(status.group, 0) + 1
        return cls(**counts)

    @classmethod
    def of(cls, document: Json) -> Self:
        """The ``counts`` of a batch.

        Raises:
            ValueError: they are something else.

        """
        return cls(**{name.name: _count(document, name.name) for name in fields_of(cls)})

    def document(self) -> dict[str, int]:
        """As a batch's document has them."""
        return {field_.name: getattr(self, field_.name) for field_ in fields_of(self)}

    @property
    def total(self) -> int:
        """All subjects of the batch."""
        return sum(self.document().values())

    @property
    def is_over(self) -> bool:
        """Whether nothing waits or runs."""
        return not (self.waiting or self.running)

    def status(self, *, cancel: bool) -> BatchStatus:
        """The state of a batch with these counts. ``cancel``: somebody asked to cancel it."""
        if not self.is_over:
            return BatchStatus.CANCELING if cancel else BatchStatus.STARTED
        if self.failed or self.skipped:
            return BatchStatus.FAILED
        return BatchStatus.CANCELED if self.canceled else BatchStatus.SUCCEEDED


@dataclass(frozen=True, slots=True)
class BatchStep:
    """A column of the table: a step's id and what people call it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as a node tells of it. Times are ISO 8601 text; ``cost`` is in USD, None for none.

    ``caller`` is the AWS identity that started it, ``person`` what that caller called himself
    (``{name, email}``). ``parameters``, ``limits`` and ``layout`` are empty in lists. ``estimate``
    is what was said of the cost and time of all its runs together before the start. ``mail`` is who
    is told of its end, None in lists.
    """

    id: str
    name: str
    workflow: Mapping[str, str]
    dataset: str
    created: str
    status: BatchStatus
    parallel: int
    counts: BatchCounts
    steps: Sequence[BatchStep] = ()
    ended: str = ""
    cost: float | None = None
    caller: str = ""
    person: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    limits: Json = field(default_factory=dict)
    layout: str = ""
    estimate: Forecast | None = None
    mail: MailTo | None = None

    @classmethod
    def of(cls, document: Json) -> Self:
        """A summary of ``GET /batches``, or the document of ``GET /batches/ID``.

        Raises:
            ValueError: it is something else.

        """
        texts = ("id", "name", "dataset", "created", "ended", "caller", "layout")
        rows = document.get("steps") or []
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise ValueError("'steps' of a batch are not a list of steps")
        return cls(
            **{name: _text(document, name) for name in texts},
            status=BatchStatus.of(document.get("status")),
            workflow=dict(_map(document, "workflow")),
            parallel=_count(document, "parallel"),
            counts=BatchCounts.of(_map(document, "counts")),
            steps=tuple(BatchStep(_text(row, "id"), _text(row, "name")) for row in rows),
            cost=_cost(document),
            person=dict(_map(document, "person")),
            parameters=dict(_map(document, "parameters")),
            limits=dict(_map(document, "limits")),
            estimate=Forecast.known(document.get("estimate")),
            mail=MailTo.of(document.get("mail")),
        )


def _text(document: Json, name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"'{name}' of a batch is not a text")  # noqa: TRY004 - a wrong document
    return value


def _count(document: Json, name: str, default: int = 0) -> int:
    value = document.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"'{name}' of a batch is not a number")  # noqa: TRY004 - as above
    return value


def _cost(document: Json) -> float | None:
    value = document.get("cost")
    return float(value) if isinstance(value, int | float) else None


def _map(document: Json, name: str) -> Json:
    value = document.get(name) or {}
    if not isinstance(value, Mapping):
        raise ValueError(f"'{name}' of a batch has no names and values")  # noqa: TRY004 - as above
    return value
