"""Random workflows, outcomes and misfortunes: whatever happens, a run ends once, and cleanly.

Events are lost, doubled and reordered, the platform goes away, the process is killed between any
two writes. ``SOAK=N`` in the environment tries N examples instead of a few.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pennsieve_agent.node.runs import transitions
from tests.node.services import Job
from tests.node.world import FINAL, RUN, World, step

EXAMPLES = int(os.environ.get("SOAK", "60"))


@st.composite
def workflows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A source, some processors that depend on anything before them, perhaps a target."""
    rows = [step("in", kind="data-source")]
    for number in range(draw(st.integers(1, 4))):
        names = [row["id"] for row in rows]
        parents = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        rows.append(step(f"p{number}", *parents))
    if draw(st.booleans()):
        rows.append(step("out", rows[-1]["id"], kind="data-target"))
    return rows


class Trial:
    """One run of the world, with what chance decides."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.world = World(dag=data.draw(workflows()))
        self.is_own = data.draw(st.booleans())
        self.retries = data.draw(st.sampled_from((0, 1, 2))) if self.is_own else 0
        self.failing = data.draw(st.sets(st.sampled_from([row["id"] for row in self.world.dag])))
        self.cancelled = False
        # Few enough that these small workflows meet the limit, too.
        self.world.most_parents = data.draw(st.sampled_from((1, 2, transitions.MOST_PARENTS)))

    def misfortune(self) -> None:
        """Something happens."""
        world, draw = self.world, self.data.draw
        what = draw(st.sampled_from(("event", "job", "job", "tick", "kill", "down", "cancel")))
        if what == "event" and world.events:
            at = draw(st.integers(0, len(world.events) - 1))
            how = draw(st.sampled_from(("taken", "taken", "lost", "doubled")))
            event = world.events[at] if how == "doubled" else world.events.pop(at)
            if how != "lost":
                world.deliver(event)
        elif what == "job":
            self.progress(draw(st.integers(0, 3)))
        elif what == "tick":
            world.tick()
        elif what == "kill":
            world.kill_at = draw(st.integers(0, 25))
            world.kill_after = draw(st.booleans())
            world.tick()
            world.kill_at = -1
        elif what == "down":
            world.down = draw(st.booleans())
        elif what == "cancel" and draw(st.integers(0, 4)) == 0:
            self.cancelled = world.ask("POST", f"/runs/{RUN}/cancel")["status"] == 202

    def progress(self, which: int) -> None:
        """A job begins or ends, as Batch would have it."""
        world = self.world
        running = [job for job in world.jobs.values() if job.status == "RUNNING"]
        ready = world.ready()
        if running and (which % 2 or not ready):
            job = running[which % len(running)]
            failed = self._step(job) in self.failing and "merge" not in job.name
            world.end(job, "FAILED" if failed else "SUCCEEDED", code=3 if failed else 0)
        elif ready:
            self.begin(ready[which % len(ready)])

    def begin(self, job: Job) -> None:
        """A job begins; never before what it needs has succeeded."""
        assert all(self.world.jobs[each].status == "SUCCEEDED" for each in job.after)
        self.world.begin(job)

    def _step(self, job: Job) -> str:
        return job.name.removeprefix(f"{RUN}-").rpartition("-")[0]

    def fair(self) -> None:
        """From now on all goes well: the run must come to its end."""
        world = self.world
        world.down, world.kill_at = False, -1
        for _ in range(60):
            for _ in range(4):
                self.progress(1)
                self.progress(0)
            world.tick()
            if not world.left():
                return
        raise AssertionError(f"it never ended: {world.left()} {world.record()}")


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.target],
)
@given(st.data())
def test_every_run_ends_once_and_leaves_nothing(data: st.DataObject) -> None:
    trial = Trial(data)
    world = trial.world
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transitions, "MOST_PARENTS", world.most_parents)
        if trial.is_own:
            world.start_own(retries=trial.retries)
        else:
            world.start()
        for _ in range(data.draw(st.integers(0, 40))):
            trial.misfortune()
        trial.fair()

    outcome = world.record()["outcome"]
    finals = [b["status"] for p, b in world.reports if p == "/status" and b["status"] in FINAL]
    assert finals == ([] if trial.is_own else [outcome]), world.reports
    assert trial.is_own or world.status == outcome
    _jobs_ran_once(world)
    _failures_are_counted(world, trial.retries)
    _steps_end_once(world)
    if outcome == "SUCCEEDED":
        ran = {trial._step(job) for job in world.jobs.values() if job.status == "SUCCEEDED"}
        assert {row["id"] for row in world.dag} <= ran
        assert not trial.failing
    if outcome == "CANCELED":
        assert trial.cancelled
    if outcome == "FAILED":
        assert world.record()["reason"]


def _jobs_ran_once(world: World) -> None:
    names = Counter(job.name for job in world.jobs.values())
    assert max(names.values(), default=1) == 1, names
    assert all(job.ran <= 1 for job in world.jobs.values())
    steps = Counter(
        job.name.rpartition("-")[0] for job in world.jobs.values() if job.ran and job.code == 0
    )
    assert max(steps.values(), default=1) == 1, steps


def _failures_are_counted(world: World, retries: int) -> None:
    failures = Counter(
        job.name.rpartition("-")[0] for job in world.jobs.values() if job.ran and job.code
    )
    assert max(failures.values(), default=0) <= retries + 1, failures


def _steps_end_once(world: World) -> None:
    ends = Counter(
        path for path, body in world.reports if path != "/status" and body["status"] in FINAL
    )
    # A report whose answer was lost is sent again: it says the same.
    for path, count in ends.items():
        said = {body["status"] for where, body in world.reports if where == path}
        assert count == 1 or len(said & FINAL) == 1, (path, said)
