"""What a mail says of a run or a batch that has ended. Pure.

A mail leaves AWS, and is as open as mail is. It has no parameter, no log and no secret; that of a
compliant node has no name and no reason either.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pennsieve_agent.domain.batches import BatchRow

MOST_SUBJECT = 99
"""Characters of a subject, which is ASCII and has no line end ("Publish",
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)."""
MOST_ROWS = 20
"""Subjects of a batch that a mail names."""
MOST_REASON = 500
_WORDS = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "CANCELED": "was cancelled",
    "SKIPPED": "was left out",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to an address."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """The node that tells: its id, and whether it is compliant, which tells no names."""

    token: str
    compliant: bool


def of_run(to: str, run: Mapping[str, Any], place: Place) -> Mail:
    """The mail about a run; ``run`` is its summary as lists have it, with the dataset's name."""
    name = run["id"] if place.compliant else run["name"] or run["id"]
    ended = f"run '{_plain(name)}' {_WORDS.get(run['status'], run['status'].lower())}"
    lines = [f"{ended[0].upper()}{ended[1:]}."]
    if run["reason"] and not place.compliant:
        lines += ["", f"Why: {_plain(run['reason'])[:MOST_REASON]}"]
    lines += ["", *_facts(_about_run(run, place))]
    lines += ["", "See it:", f"  pennsieve run show {shlex.quote(name)}"]
    if run["status"] == "FAILED":
        lines += ["See its log:", f"  pennsieve run logs {shlex.quote(name)}"]
    return _mail(to, ended, lines, place)


def of_batch(to: str, batch: Mapping[str, Any], failed: Sequence[BatchRow], place: Place) -> Mail:
    """The mail about a batch; ``failed`` are the rows that did not succeed, or the first of them.

    ``batch`` is its summary as lists have it, with the name of its dataset and its ``folder``.
    """
    name = batch["id"] if place.compliant else batch["name"]
    counts, total = batch["counts"], sum(batch["counts"].values())
    done = counts["succeeded"]
    ended = f"batch '{_plain(name)}' has ended: {done} of {total} runs succeeded"
    lines = [f"{ended[0].upper()}{ended[1:]}."]
    if not place.compliant:
        lines += _rows(failed, total - done)
    lines += ["", *_facts(_about_batch(batch, place, done))]
    lines += ["", "See it:", f"  pennsieve run show {shlex.quote(name)}"]
    if done < total:
        lines += ["Start what failed again:", f"  pennsieve run retry {shlex.quote(name)} --failed"]
    return _mail(to, ended, lines, place)


def _rows(failed: Sequence[BatchRow], count: int) -> Iterator[str]:
    if not failed:
        return
    yield ""
    for row in failed[:MOST_ROWS]:
        why = f": {_plain(row.reason)[:MOST_REASON]}" if row.reason else ""
        word = _WORDS.get(row.status.value, row.status.value.lower())
        yield f"  {_plain(row.subject)} {word}{why}"
    if count > MOST_ROWS:
        yield f"  ... and {count - MOST_ROWS} more"


def _about_run(run: Mapping[str, Any], place: Place) -> Iterator[tuple[str, str]]:
    yield from _about(run, place)
    if run.get("folder") and run["status"] == "SUCCEEDED" and not place.compliant:
        yield "Results", f"folder '{_plain(run['folder'])}' of the dataset"


def _about_batch(batch: Mapping[str, Any], place: Place, done: int) -> Iterator[tuple[str, str]]:
    yield from _about(batch, place)
    if batch["folder"] and done and not place.compliant:
        where = f"folder '{_plain(batch['folder'])}' of the dataset"
        yield "Results", f"{where}, in a folder for each subject"


def _about(row: Mapping[str, Any], place: Place) -> Iterator[tuple[str, str]]:
    """What is told of both."""
    if not place.compliant:
        workflow = row["workflow"]
        yield "Workflow", _plain(f"{workflow.get('name', '')} {workflow.get('version', '')}")
        if row["dataset"]:
            yield "Dataset", _plain(row.get("datasetName") or row["dataset"])
    yield "Ended", row["ended"]
    yield "Time", _took(row.get("started") or row["created"], row["ended"])
    if row["cost"] is not None:
        yield "Cost", f"{row['cost']:.4f} USD (an estimate; AWS's bill is what counts)"


def _facts(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from (f"{name + ':':<10}{value}" for name, value in pairs if value)


def _mail(to: str, ended: str, lines: Sequence[str], place: Place) -> Mail:
    foot = [
        "",
        f"Pennsieve compute node {place.token} sent this, as 'run start --mail' asked for it.",
        "",
    ]
    if place.compliant:
        foot.insert(1, "The node is compliant: its mails have no names and no reasons.")
    return Mail(to, subject_of(f"Pennsieve {ended}"), "\n".join([*lines, *foot]))


def subject_of(text: str) -> str:
    """A text as the subject of a mail: as AWS takes it, cut in the middle where it is too long."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "replace").decode()
    # What is left of a letter with an accent is the letter, without a question mark after it.
    plain = re.sub(r"(?<=[A-Za-z])\?", "", plain) if not text.isascii() else plain
    plain = " ".join(_CONTROL.sub(" ", plain).split())
    if len(plain) <= MOST_SUBJECT:
        return plain
    end = (MOST_SUBJECT - 3) // 2
    return f"{plain[: MOST_SUBJECT - 3 - end]}...{plain[-end:]}"


def _plain(text: object) -> str:
    """A text on one line."""
    return " ".join(_CONTROL.sub(" ", str(text)).split())


def _took(begin: str, end: str) -> str:
    if not (begin and end):
        return ""
    started, ended = (datetime.fromisoformat(at).astimezone(UTC) for at in (begin, end))
    seconds = max(int((ended - started).total_seconds()), 0)
    hours, rest = divmod(seconds, 3600)
    parts = ((hours, "h"), (rest // 60, "min"), (rest % 60, "s"))
    shown = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(shown) or "0 s"
