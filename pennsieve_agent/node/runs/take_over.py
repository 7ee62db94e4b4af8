"""Going on with the files of a run that failed: its finished steps are taken over, not repeated.

The new run uses the folder of the earlier one, so nothing is copied, and one run at most can have
it: :meth:`~pennsieve_agent.node.records.run_store.RunStore.take_files` is where that is decided.
What the earlier run made in the steps that are repeated is removed before the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.jobs.calls import parts_of
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_document import is_over
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.runs.plan_jobs import CannotRun
from pennsieve_agent.node.runs.transitions import step_states

CLEAR_KEY = "/clear"
KEEP = "keepSteps"
"""The limit that says for how many days."""
TAKEN_WORDS = "another run goes on with the files of {run}, or they have been deleted"
_DAY = 86_400.0
_MOST_AGE = 28 * _DAY
"""What a run has in the bucket is deleted by a rule of the bucket after 30 days."""
Json = Mapping[str, Any]


def kept_until(record: RunRecord) -> float:
    """Until when the files of a run that has ended are kept, in unix seconds; 0 for not at all.

    Only what can be gone on with is kept: a run that succeeded is not, nor one of which no step
    did.
    """
    days = int(record.limits.get(KEEP) or 0)
    done = any(job.status == "SUCCEEDED" for job in record.work)
    if not days or not done or record.outcome == "SUCCEEDED":
        return 0.0
    since = float(record.taken.get("since") or record.created)
    return min(record.ended + days * _DAY, since + _MOST_AGE)


def go_on(node: Node, store: RunStore, record: RunRecord, start: Start, earlier: RunRecord) -> None:
    """Let a new run take over the steps of an earlier one that are done.

    Raises:
        CannotRun: it cannot; the text says why.

    """
    step = str(start.goes_on["step"])
    check_kept(node, store, earlier, record.run)
    steps = taken_steps(earlier, step)
    _check_same(record, start, earlier, store.start_of(earlier), steps)
    for job in record.jobs:
        if job.step in steps:
            job.status, job.calls = "SUCCEEDED", []
    clear = JobRecord(CLEAR_KEY, CLEAR_KEY, JobKind.CLEAR, calls=parts_of(node, JobKind.CLEAR))
    for job in record.jobs:
        if not job.ended and all(record.job(key).ended for key in job.after):
            job.after = [*job.after, CLEAR_KEY]
    record.jobs.insert(0, clear)
    record.files = earlier.folder
    record.taken = {
        "run": earlier.run,
        "name": called(earlier),
        "step": step,
        "steps": steps,
        "since": float(earlier.taken.get("since") or earlier.created),
    }


def called(earlier: RunRecord) -> str:
    """What an earlier run is called; all attempts of a batch's subject have one name."""
    attempt = earlier.batch.get("attempt")
    return f"{earlier.name} (attempt {attempt})" if attempt else earlier.name


def taken_steps(earlier: RunRecord, step: str, whose: str = "") -> list[str]:
    """The steps of a run that need not be repeated where it goes on from one of them.

    Data targets are always repeated, so that all results of the new run are in one place.
    ``whose`` is what the run is called in the sentence that says why not.

    Raises:
        CannotRun: there is no such step, or it had not been reached.

    """
    whose = whose or f"run '{earlier.name}'"
    rows = {str(row["id"]): row for row in earlier.plan.get("jobs") or ()}
    if step not in rows:
        raise CannotRun(f"{whose} has no step '{step}'")
    states = {name: state for name, (state, _) in step_states(earlier).items()}
    kinds = {job.step: job.kind for job in earlier.work if job.kind is not JobKind.MERGE}
    for name, kind in kinds.items():
        if kind is JobKind.STAGE and (name == step or states.get(name) != "SUCCEEDED"):
            what = "brings the input" if name == step else "did not bring all of the input"
            raise CannotRun(f"step '{name}' {what}, so there is nothing to take over")
    before = _before(rows, step)
    if open_steps := [name for name in before if states.get(name) != "SUCCEEDED"]:
        raise CannotRun(
            f"{whose} had not reached step '{step}': step '{open_steps[-1]}' before it did not "
            "succeed"
        )
    return [
        name
        for name in rows
        if states.get(name) == "SUCCEEDED"
        and kinds.get(name) is not JobKind.DELIVER
        and name != step
        and step not in _before(rows, name)
    ]


def _before(rows: Mapping[str, Json], step: str) -> list[str]:
    """All steps before a step, the nearest first."""
    waiting, before = [step], dict[str, None]()
    while waiting:
        parents = rows[waiting.pop(0)].get("depends_on") or ()
        waiting += [parent for parent in parents if parent not in before]
        before |= dict.fromkeys(parents)
    return list(before)


def check_kept(node: Node, store: RunStore, earlier: RunRecord, run: str, whose: str = "") -> None:
    """Refuse to go on with a run of which nothing is kept, or is another's by now.

    ``whose`` is as in :func:`taken_steps`.

    Raises:
        CannotRun: the text says why.

    """
    whose = whose or f"run '{earlier.name}'"
    if not is_over(earlier):
        raise CannotRun(f"{whose} has not ended yet")
    until = float(earlier.kept.get("until") or 0)
    if not until:
        raise CannotRun(
            f"nothing that the steps of {whose} made was kept, as {_why_nothing(earlier)}"
        )
    if until <= node.now():
        raise CannotRun(f"what the steps of {whose} made was kept for some days, which are over")
    if store.holder_of_files(earlier.run) not in {"", run}:
        raise CannotRun(TAKEN_WORDS.format(run=whose))


def _why_nothing(earlier: RunRecord) -> str:
    if not earlier.limits.get(KEEP):
        return "it was started without --keep-steps"
    if earlier.outcome == "SUCCEEDED":
        return "it succeeded"
    return "none of them had finished"


def _check_same(
    record: RunRecord, start: Start, earlier: RunRecord, before: Json, steps: list[str]
) -> None:
    """Refuse what would make the steps that are taken over another result today."""
    now, then = record.plan, earlier.plan
    differences = {
        "workflow": record.workflow["id"] != earlier.workflow.get("id"),
        "version of the workflow": record.workflow["version"] != earlier.workflow.get("version"),
        "dataset": record.dataset != earlier.dataset,
        **_other_files(start, before),
        "packages": now.get("sources") != then.get("sources"),
        **_other_values(now, then, steps),
        **_other_images(now, then, steps),
        "layout": now.get("layout") != then.get("layout"),
        "layers": record.layers != earlier.layers,
        "steps": [row["id"] for row in now["jobs"]]
        != [row["id"] for row in then.get("jobs") or ()],
    }
    if other := [what for what, differs in differences.items() if differs]:
        raise CannotRun(
            f"the steps of run '{earlier.name}' cannot be taken over: different today: "
            f"{', '.join(other)}"
        )


def _other_files(start: Start, before: Json) -> dict[str, bool]:
    """Whether the input differs, and the first file that does."""
    files = {
        str(row["path"]): {name: row.get(name) for name in ("path", "package", "size", "checksum")}
        for row in before.get("files") or ()
    }
    today = {str(row["path"]): dict(row) for row in start.files}
    other = sorted(path for path in today.keys() | files if today.get(path) != files.get(path))
    more = f" and {len(other) - 1} more" if len(other) > 1 else ""
    return {f"input files ('{path}'{more})": True for path in other[:1]}


def _other_values(now: Json, then: Json, steps: list[str]) -> dict[str, bool]:
    """The parameters of steps that are taken over with another value."""
    values = {step: (_values(now, step), _values(then, step)) for step in steps}
    return {
        f"parameter {name} of step '{step}'": here.get(name) != there.get(name)
        for step, (here, there) in values.items()
        for name in sorted(here.keys() | there)
    }


def _other_images(now: Json, then: Json, steps: list[str]) -> dict[str, bool]:
    """The steps that are taken over of which another image would run today.

    A version never changes on a node, but it can be removed and added again.
    """
    here, there = (
        {str(row["id"]): str(row.get("image") or "").rpartition("@")[2] for row in plan["jobs"]}
        for plan in (now, {"jobs": then.get("jobs") or ()})
    )
    return {f"image of step '{step}'": here.get(step) != there.get(step) for step in steps}


def _values(plan: Json, step: str) -> Json:
    values: Json = (plan.get("parameters") or {}).get(step) or {}
    return values
