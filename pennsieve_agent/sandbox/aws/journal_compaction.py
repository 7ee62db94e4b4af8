"""Removes from the journal the requests that later ones undid.

Every run makes job definitions, access points and objects, and takes them away again. As each
request has a seed of its own, leaving some out changes nothing about the others.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from pennsieve_agent.domain.step_files import FILES_PREFIX, RUNS_FOLDER
from pennsieve_agent.sandbox.aws import wire
from pennsieve_agent.sandbox.aws.request_journal import Entry


class Effect(Enum):
    """What a request does to its subject."""

    ADDS = "adds"
    SETS = "sets"
    ENDS = "ends"


_RUNS = ("runs/", f"{FILES_PREFIX}{RUNS_FOLDER}/")
"""Where a node keeps the objects of a run (:func:`pennsieve_agent.node.jobs.tasks.object_key`), and
the files of its steps."""
MOST_UNDONE = 64 * 2**20
"""Bytes that the journal may have of what is undone, until it is written anew."""


class Undone:
    """Adds up how much of what was written down is undone, while the account is used."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = defaultdict(int)
        self._undone = 0

    def is_much(self, entry: Entry) -> bool:
        """Count an entry that was written down; whether the journal should be written anew now."""
        for subject, effect in _subjects(entry):
            if effect is not Effect.ADDS:
                self._undone += self._sizes.pop(subject, 0)
            if effect is not Effect.ENDS:
                self._sizes[subject] += len(entry.body)
        if self._undone < MOST_UNDONE:
            return False
        self._undone = 0
        return True


def new_id_of(service: str, operation: str, answer: bytes) -> str:
    """The id of the created resource in an answer, if later requests name only the id."""
    if (service, operation) != ("s3files", "CreateAccessPoint"):
        return ""
    content: dict[str, Any] = json.loads(answer)
    return str(content["accessPointId"])


def superfluous(entries: Iterable[Entry]) -> set[int]:
    """The positions of the entries that can be left out."""
    dropped: set[int] = set()
    kept: dict[str, list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        subjects = list(_subjects(entry))
        for subject, effect in subjects:
            if effect is not Effect.ADDS:
                dropped.update(kept.pop(subject, ()))
            if effect is not Effect.ENDS:
                kept[subject].append(place)
        if subjects and all(effect is Effect.ENDS for _, effect in subjects):
            dropped.add(place)
    return dropped


def _subjects(entry: Entry) -> Iterator[tuple[str, Effect]]:
    """What a request is about, each with what it does to it; nothing where it is to stay."""
    request = wire.read(entry.variables, entry.body)
    if (request.service, request.operation) == ("s3", "DeleteObjects"):
        # Who deletes versions of a run's objects deletes them all, a page at a time.
        for key in dict.fromkeys(key for key, _ in request.parameters["Objects"]):
            if key.startswith(_RUNS):
                yield f"object {request.text('Bucket')}/{key}", Effect.ENDS
            else:
                yield "deletions of other objects", Effect.ADDS
        return
    known = _SUBJECTS.get((request.service, request.operation))
    if known is None:
        return
    kind, effect = known
    name = {
        "definition": request.text("jobDefinitionName") or _name(request.text("jobDefinition")),
        "access point": entry.created or request.text("accessPointId").rpartition("/")[2],
        "rule": request.text("Name"),
        "object": f"{request.text('Bucket')}/{request.text('Key')}",
    }[kind]
    if kind != "object" or request.text("Key").startswith(_RUNS):
        yield f"{kind} {name}", effect


def _name(definition: str) -> str:
    """The name in a job definition's ARN, or in its name with a revision."""
    return definition.rpartition("/")[2].partition(":")[0]


_SUBJECTS = {
    ("batch", "RegisterJobDefinition"): ("definition", Effect.ADDS),
    ("batch", "DeregisterJobDefinition"): ("definition", Effect.ENDS),
    ("s3files", "CreateAccessPoint"): ("access point", Effect.ADDS),
    ("s3files", "DeleteAccessPoint"): ("access point", Effect.ENDS),
    ("events", "EnableRule"): ("rule", Effect.SETS),
    ("events", "DisableRule"): ("rule", Effect.SETS),
    ("s3", "PutObject"): ("object", Effect.SETS),
    ("s3", "CreateMultipartUpload"): ("object", Effect.ADDS),
    ("s3", "UploadPart"): ("object", Effect.ADDS),
    ("s3", "CompleteMultipartUpload"): ("object", Effect.ADDS),
    ("s3", "DeleteObject"): ("object", Effect.ENDS),
}
