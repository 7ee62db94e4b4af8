"""The request that starts a batch: validated, with all that is wrong in its rows. Pure.

``{id, name, workflow, version, dataset, parallel, parameters, targets, limits, layout, undeclared,
fingerprint, estimate, estimates, mail, runs: [{subject, packages, files, parameters}]}``. All but
``runs`` and ``estimates`` is for all runs alike; a row's parameters go over those of the batch.
``targets`` have no folder, or the one in which each subject gets its own. ``estimate`` is what was
said of the cost and time of all runs together before the start, ``estimates`` what was of each, in
the order of ``runs``. ``mail`` is the address that is told of the end of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pennsieve_agent.domain.batches import (
    MOST_NAME,
    MOST_PARALLEL,
    MOST_RUNS,
    PARALLEL,
    doubled,
    run_id,
    run_name,
    subject_problem,
)
from pennsieve_agent.domain.node_protocol import digest_of
from pennsieve_agent.domain.run_results import own_folder
from pennsieve_agent.node.records.run_document import FOLDER
from pennsieve_agent.node.records.start_document import ESTIMATE, Start, estimate_of, mail_of

Json = Mapping[str, Any]
Problem = tuple[str, str]
"""A subject, and what is wrong with it."""
_ROW = frozenset({"subject", "packages", "files", "parameters", ESTIMATE})
_MOST_FINGERPRINT = 256


@dataclass(frozen=True, slots=True)
class BatchStart:
    """A request for a batch; ``common`` is what each run's request has of it."""

    id: str
    name: str
    workflow: str
    version: str
    dataset: str
    parallel: int
    content: str
    common: Json
    fingerprint: str
    rows: tuple[Json, ...]
    estimate: Json
    mail: str = ""

    @classmethod
    def of(cls, body: Json) -> Self:
        """A request as it was sent; its rows are looked at apart.

        Raises:
            ValueError: what is wrong, in words.

        """
        rows = body.get("runs")
        if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_RUNS:
            raise ValueError(f"a batch has 1 to {MOST_RUNS} runs")
        if not all(isinstance(row, Mapping) for row in rows):
            raise ValueError("each of the 'runs' of a batch must have names and values")
        name = body.get("name")
        if not isinstance(name, str) or not 0 < len(name) <= MOST_NAME or subject_problem(name):
            raise ValueError(f"a batch needs a name of 1 to {MOST_NAME} plain characters")
        parallel = body.get("parallel", PARALLEL)
        if type(parallel) is not int or not 1 <= parallel <= MOST_PARALLEL:
            raise ValueError(f"'parallel' must be a number from 1 to {MOST_PARALLEL}")
        fingerprint = body.get("fingerprint", "")
        if not isinstance(fingerprint, str) or len(fingerprint) > _MOST_FINGERPRINT:
            raise ValueError("'fingerprint' must be a short text")
        common = {
            name: body[name]
            for name in (
                *("workflow", "version", "dataset", "parameters", "targets"),
                *("limits", "layout", "undeclared"),
            )
            if name in body
        }
        # What is wrong for all runs is said once, of the batch.
        one = Start.of({**common, "id": body.get("id", "")})
        return cls(
            id=one.id,
            name=name,
            workflow=one.workflow,
            version=one.version,
            dataset=one.dataset,
            parallel=parallel,
            content=digest_of(body),
            common=common,
            fingerprint=fingerprint,
            rows=_with_estimates(rows, body.get("estimates")),
            estimate=estimate_of(body.get(ESTIMATE)),
            mail=mail_of(body),
        )

    def problems(self) -> Iterator[Problem]:
        """What is wrong with rows by themselves and beside each other."""
        subjects = []
        for row in self.rows:
            subject = row.get("subject")
            if not isinstance(subject, str):
                yield "", "each run of a batch needs a subject"
                continue
            subjects.append(subject)
            if why := subject_problem(subject):
                yield subject, why
            elif unknown := row.keys() - _ROW:
                yield subject, f"'{min(unknown)}' is not part of a run of a batch"
            else:
                try:
                    self.start(row, ())
                except ValueError as error:
                    yield subject, str(error)
        for group in doubled(subjects):
            names = ", ".join(f"'{subject}'" for subject in group)
            yield group[0], f"these subjects would have the same folder of results: {names}"

    def start(self, row: Json, targets: tuple[str, ...], attempt: int = 1) -> Start:
        """The request for one run; ``targets`` are the steps that deliver results.

        Raises:
            ValueError: what is wrong, in words.

        """
        return Start.of(self.document(row, targets, attempt))

    def document(self, row: Json, targets: tuple[str, ...], attempt: int = 1) -> dict[str, Any]:
        """The document of :meth:`start`."""
        return run_document(self.id, self.name, self.common, row, targets, attempt)


def run_document(
    batch: str,
    name: str,
    common: Json,
    row: Json,
    targets: tuple[str, ...],
    attempt: int,
) -> dict[str, Any]:
    """The request for one run of a batch, as ``POST /runs`` would have it."""
    subject = str(row["subject"])
    return {
        **common,
        "id": run_id(batch, subject, attempt),
        "name": run_name(name, subject),
        "packages": row.get("packages") or [],
        "files": row.get("files") or [],
        "parameters": _over(common.get("parameters"), row.get("parameters")),
        "targets": _folders(common.get("targets") or {}, targets, name, subject),
        **({ESTIMATE: row[ESTIMATE]} if row.get(ESTIMATE) else {}),
    }


def _with_estimates(rows: list[Json], estimates: Any) -> tuple[Json, ...]:
    """The rows, each with what was said of it before the start.

    They come beside the rows, as a node of before would refuse a row with a name it does not know.
    """
    if estimates is None:
        return tuple(rows)
    if not isinstance(estimates, list) or len(estimates) != len(rows):
        raise ValueError("'estimates' of a batch must be one for each of its runs")
    return tuple(
        {**row, ESTIMATE: estimate_of(one)} for row, one in zip(rows, estimates, strict=True)
    )


def _over(base: Any, more: Any) -> Any:
    """The parameters of the batch, and over them those of a row."""
    if not isinstance(more, Mapping):
        return base if more is None else more
    steps = dict(base or {})
    for step, values in more.items():
        below = steps.get(step) or {}
        steps[step] = {**below, **values} if isinstance(values, Mapping) else values
    return steps


def _folders(chosen: Json, targets: tuple[str, ...], name: str, subject: str) -> dict[str, Any]:
    """Where each target writes: the folder of the subject below that of the batch."""
    steps: dict[str, Any] = {step: dict(chosen.get(step) or {}) for step in (*targets, *chosen)}
    for values in steps.values():
        base = str(values.get(FOLDER) or own_folder(name)).strip("/")
        values[FOLDER] = f"{base}/{subject.replace(' ', '-')}"
    return steps
