"""A trial run: what shows that a node carries out runs, by the smallest one there is. Pure.

One step on the smallest machine, in the node's own image of transfer jobs (the official Python
image): it writes a file, reads it again, compares them, and prints a phrase that only this run was
given. It reads no dataset and writes none, so it needs no grant and no key, and Pennsieve is asked
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.domain.run_estimate import estimate
from pennsieve_agent.domain.runs import RunState, RunStatus, seconds_between

WORKFLOW, NAME, VERSION, STEP = "pennsieve-trial-run", "trial run", "v1", "trial"
CPU, MEMORY = 256, 512
"""The smallest machine of AWS Fargate
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html)."""
SECONDS = 1200
"""Its time limit; and how long it is waited for, as the start of a machine is not in that."""
PROGRAM = """\
import hashlib, os, sys, time
path = os.path.join(os.environ["OUTPUT_DIR"], "trial.bin")
data = os.urandom(8_000_000)
began = time.monotonic()
with open(path, "wb") as file:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())
with open(path, "rb") as file:
    same = hashlib.sha256(file.read()).digest() == hashlib.sha256(data).digest()
seconds = time.monotonic() - began
word = "wrote and read 8 MB" if same else "what was read is not what was written, 8 MB"
print(os.environ["PHRASE"], f"{word} in {seconds:.1f} s", flush=True)
sys.exit(0 if same else 1)
"""


def version_document(image: str) -> dict[str, Any]:
    """The workflow version that is registered for a trial run and removed again."""
    step = {
        "id": STEP,
        "kind": "processor",
        "dependsOn": [],
        "sourceUrl": "pennsieve:trial-run",
        "image": image,
        "command": ["python3", "-c", PROGRAM],
        "cpu": CPU,
        "memory": MEMORY,
    }
    return {
        "workflow": WORKFLOW,
        "name": NAME,
        "version": VERSION,
        "origin": "here",
        "steps": [step],
    }


def start_document(run: str, phrase: str) -> dict[str, Any]:
    """The request that starts it; it names no dataset."""
    return {
        "id": run,
        "name": f"{NAME} {run[:8]}",
        "workflow": WORKFLOW,
        "version": VERSION,
        "dataset": "",
        "parameters": {STEP: {"PHRASE": phrase}},
        "limits": {"timeoutSeconds": SECONDS},
    }


def price(mode: str, region: str) -> float:
    """What a trial run costs by estimate, in USD; see :mod:`~pennsieve_agent.domain.prices`."""
    job = Job(STEP, JobKind.PROCESSOR, cpu=CPU, memory=MEMORY)
    return estimate(RunPlan("new", NAME, "", (job,)), 0, mode=mode, region=region).once


@dataclass(frozen=True, slots=True)
class TrialRun:
    """How a trial run went. Times are in seconds, None where it did not come so far.

    ``start`` is until the program ran, with the machine and the image; ``program`` is the program;
    ``clean`` is from its end until the node had deleted all that was made for it. ``said`` is
    what it printed behind its phrase. ``usd`` is what it cost by the node's estimate.
    """

    run: str
    succeeded: bool
    start: float | None
    program: float | None
    clean: float | None
    said: str
    reason: str
    usd: float | None

    @property
    def passed(self) -> bool:
        """Whether all of it worked."""
        return self.succeeded and bool(self.said) and self.clean is not None

    def to_json(self) -> dict[str, Any]:
        """The trial run for ``--json``."""
        return {
            "run_id": self.run,
            "start_seconds": self.start,
            "program_seconds": self.program,
            "clean_seconds": self.clean,
            "usd": self.usd,
        }


def is_tidied(answer: Mapping[str, Any]) -> bool:
    """Whether a node has removed all that it made for a run; its last phase says so."""
    return answer.get("phase") == "done"


def outcome(
    answer: Mapping[str, Any], state: RunState, lines: Iterable[str], phrase: str, took: float
) -> TrialRun:
    """How a run that has ended went: by its document, its state and its log.

    ``took`` is how long it took on this machine's clock, from its start to ``answer``.
    """
    step = next((row for row in state.steps if row.id == STEP), None)
    begun, ended = (step.started_at, step.completed_at) if step else ("", "")
    created = str(answer.get("created") or "")
    until_end = seconds_between(created, ended)
    said = next((line.partition(phrase)[2] for line in lines if phrase in line), "")
    cost = answer.get("cost")
    return TrialRun(
        str(answer["id"]),
        state.status is RunStatus.SUCCEEDED,
        seconds_between(created, begun) if begun else None,
        seconds_between(begun, ended) if begun else None,
        round(max(took - (until_end or 0.0), 0.0), 1) if is_tidied(answer) else None,
        said.strip(),
        (step.reason if step else "") or state.reason,
        float(cost) if isinstance(cost, int | float) else None,
    )
