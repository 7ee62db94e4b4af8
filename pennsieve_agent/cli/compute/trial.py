"""The trial run of ``pennsieve compute doctor --run``: its price, its start, its end."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING

from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.domain import trial_run
from pennsieve_agent.domain.run_events import Line
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pennsieve_agent.account.doctor.node_health import Inspection
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode

NEEDED = frozenset({"AWS credentials", "stack", "functions", "code", "queues"})
"""Without these no run comes to its end."""
PAUSE_SECONDS = 0.5


def offer(name: str, mode: str, region: str) -> str:
    """What to type for a trial run, with what it costs."""
    return f"pennsieve compute doctor '{name}' --run   (a trial run, {price(mode, region)})"


def price(mode: str, region: str) -> str:
    """What a trial run costs, in words."""
    return f"about {trial_run.price(mode, region):.3f} USD"


def check_own(seen: Inspection) -> None:
    """Refuse a node on which a trial run cannot be started.

    Raises:
        UsageProblem: Pennsieve runs it.
    """
    if seen.served is not None:
        raise UsageProblem(
            "a trial run is for nodes of your own, and Pennsieve runs this one",
            where=seen.name,
            hint="start a run of a workflow on it: pennsieve run start",
        )


def obstacle(seen: Inspection, results: Sequence[Check]) -> str:
    """Why no trial run is begun: what did not pass, and no run would come to its end without."""
    failed = [check.name for check in results if not check.passed and check.name in NEEDED]
    if not failed and (seen.own is None or not seen.transfer_image):
        failed = ["node"]
    return f"no trial run was started: first repair {', '.join(failed)}" if failed else ""


def explain(context: Context, node: OwnNode) -> None:
    """Say what a trial run does and costs, before it is asked for."""
    context.streams.note(
        f"A trial run on '{node.name}': one step of some seconds on the smallest machine, in the "
        "node's own Python image. It reads no dataset, and sends Pennsieve nothing. It takes one "
        f"to three minutes and costs {price(node.mode, node.region)}"
    )


def carry_out(context: Context, node: OwnNode, image: str) -> trial_run.TrialRun:
    """Start a trial run, wait for its end, and see how it went.

    Raises:
        StillRunning: it has not ended in time. Errors as of the node's calls.
    """
    from pennsieve_agent.cli.run.following import follower
    from pennsieve_agent.services.nodes.trial_run import begin
    from pennsieve_agent.services.runs.node_runs import NodeRuns

    run, phrase = str(uuid.uuid4()), secrets.token_hex(8)
    calls = context.node_calls(node)
    backend = NodeRuns(node, calls, context.now)
    with context.interruption.during(
        "the trial run goes on; it ends by itself, and its files are deleted",
        f"cancel it: pennsieve run cancel {run}",
        always=True,
    ):
        begin(calls, image, run, phrase)
        began = context.now()
        context.streams.note(f"started trial run {run}; waiting for a machine")
        following = follower(context, backend.get(run), backend, timeout=trial_run.SECONDS)
        lines = [
            event.text
            for events in following.events()
            for event in events
            if isinstance(event, Line)
        ]
        answer = _tidied(context, calls, run, following.deadline)
        took = context.now() - began
    return trial_run.outcome(answer, backend.state(run), lines, phrase, took)


def _tidied(
    context: Context, calls: NodeCalls, run: str, deadline: float | None
) -> Mapping[str, Any]:
    """The document of a run that has ended, when the node has removed what it had for it."""
    while True:
        answer = calls.ask("GET", f"/runs/{run}", admin=True)
        if trial_run.is_tidied(answer) or context.now() > (deadline or 0.0):
            return answer
        context.sleep(PAUSE_SECONDS)


def checks(trial: trial_run.TrialRun) -> tuple[Check, ...]:
    """What a trial run has shown, one check for each part of it."""
    logs, show = f"pennsieve run logs {trial.run}", f"pennsieve run show {trial.run}"
    because = f": {trial.reason}" if trial.reason else ""
    started = trial.start is not None
    return (
        Check(
            "trial run: machine",
            started,
            f"started in {trial.start:.0f} s, with its image" if trial.start is not None
            else f"no machine started{because}",
            "a run needs a machine of AWS Batch that pulls an image and mounts the run's files",
            show,
        ),
        Check(
            "trial run: files and log",
            trial.passed,
            f"{trial.said}; its log came back" if trial.passed
            else trial.said or f"nothing came back from the program{because}",
            "a step writes its results to the run's files, and writes to the log",
            logs,
        ),
        Check(
            "trial run: end",
            trial.clean is not None,
            f"its files and all that was made for it were deleted {trial.clean:.0f} s after it"
            if trial.clean is not None
            else "the node has not deleted what was made for it",
            "the node deletes the files of a run, and what it made in AWS for it",
            show,
        ),
    )  # fmt: skip


def summary(trial: trial_run.TrialRun) -> list[str]:
    """What it cost, what is left of it, and what it did not show."""
    cost = "" if trial.usd is None else f"it cost {trial.usd:.4f} USD by the node's estimate; "
    return [
        f"{cost}only its line in 'pennsieve run list' and its log stay",
        "it did not try files from and to Pennsieve; the first run of a workflow does that",
    ]
