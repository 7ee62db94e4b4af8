"""Removes from the journal the requests that later ones undid.

Every run makes job definitions, access points and objects, and takes them away again. As each
request has a seed of its own, leaving some out changes nothing about the others.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from enum import Enum
from typing import Any

from pennsieve_agent.sandbox.aws import wire
from pennsieve_agent.sandbox.aws.request_journal import Entry


class Effect(Enum):
    """What a request does to its subject."""

    ADDS = "adds"
    SETS = "sets"
    ENDS = "ends"


_RUNS = "runs/"
"""Where a node keeps the objects of a run (:func:`pennsieve_agent.node.jobs.tasks.object_key`)."""


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
        subject_and_effect = _subject(entry)
        if subject_and_effect is None:
            continue
        subject, effect = subject_and_effect
        if effect is not Effect.ADDS:
            dropped.update(kept.pop(subject, ()))
        if effect is Effect.ENDS:
            dropped.add(place)
        else:
            kept[subject].append(place)
    return dropped


def _subject(entry: Entry) -> tuple[str, Effect] | None:
    request = wire.read(entry.variables, entry.body)
    known = _SUBJECTS.get((request.service, request.operation))
    if known is None:
        return None
    kind, effect = known
    name = {
        "definition": request.text("jobDefinitionName") or _name(request.text("jobDefinition")),
        "access point": entry.created or request.text("accessPointId").rpartition("/")[2],
        "rule": request.text("Name"),
        "object": f"{request.text('Bucket')}/{request.text('Key')}",
    }[kind]
    if kind == "object" and not request.text("Key").startswith(_RUNS):
        return None
    return f"{kind} {name}", effect


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
