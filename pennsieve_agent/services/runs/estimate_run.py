"""What a run is expected to cost and take, by what its node or Pennsieve tells of earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from pennsieve_agent.domain import forecast_declared, forecast_method
from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.forecast import Band, Forecast
from pennsieve_agent.domain.forecast_method import PastRun
from pennsieve_agent.domain.prices import DATE, SPOT_SHARE, region_of_prices
from pennsieve_agent.domain.run_estimate import Estimate
from pennsieve_agent.domain.run_estimate import estimate as sure_cost
from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.domain.runs import Run, RunStatus, seconds_between
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile
    from pennsieve_agent.domain.metrics import Counters
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.plans import RunPlan
    from pennsieve_agent.domain.runs import RunLimits
    from pennsieve_agent.services.nodes.node_documents import WorkflowVersion

MOST_RUNS = 50
"""Of a workflow's earlier runs, the newest that an estimate is made of."""

_SURE = 0.95
"""Of what is sure of a cost, the share below which no estimate is: a minute of each machine."""


@dataclass(frozen=True, slots=True)
class History:
    """The runs of a workflow that succeeded; ``is_known`` is False where nobody told."""

    runs: tuple[Run, ...] = ()
    is_known: bool = True


UNKNOWN = History(is_known=False)


def history_of(newest: Callable[[RunQuery], list[Run]], workflow: str) -> History:
    """A workflow's earlier runs, in one question; a run is not refused for want of an answer."""
    query = RunQuery(limit=MOST_RUNS, workflow=workflow, status=RunStatus.SUCCEEDED)
    try:
        return History(tuple(newest(query)))
    except AgentError:
        return UNKNOWN


class Estimator(Protocol):
    """Estimates runs of one version of a workflow."""

    def of(self, plan: RunPlan, files: Sequence[DataFile]) -> Forecast:
        """The estimate of a run with these files as input."""
        ...


@dataclass(frozen=True, slots=True)
class OwnEstimator:
    """Estimates runs on an own node.

    ``past`` are the workflow's earlier runs, as the next one is paid; ``is_known`` is False where
    nobody told. ``gpu`` says that a step runs on a machine with a GPU, whose price nobody here
    knows.
    """

    node: OwnNode
    past: tuple[PastRun, ...]
    version: str
    limits: RunLimits
    gpu: bool = False
    is_known: bool = True

    @classmethod
    def of_version(
        cls, node: OwnNode, history: History | None, known: WorkflowVersion, limits: RunLimits
    ) -> Self:
        """What estimates runs of a version of a workflow."""
        gpu = any(step.compute_type == "gpu" for step in known.workflow.steps)
        earlier = history or UNKNOWN
        runs = [_past(run, spot=limits.spot) for run in earlier.runs]
        timed = [run for run in runs if run.seconds]
        past = forecast_method.chosen(timed, known.version)
        return cls(node, tuple(past), known.version, limits, gpu, earlier.is_known)

    def of(self, plan: RunPlan, files: Sequence[DataFile]) -> Forecast:
        """The estimate of a run; without the size of all files it is made of all runs alike."""
        size, region = total(file.size for file in files), region_of_prices(self.node.region)
        runs = self.past
        seconds = forecast_method.seconds_of(runs, self.version, size)
        usd = forecast_method.usd_of(runs, self.version, size) if region else None
        basis = forecast_method.basis(runs, self.version)
        if seconds is None:
            seconds, basis = self._seconds(plan, size), self._no_runs()
        sure = self._sure(plan, size) if region else None
        if usd is not None and sure is not None:
            usd = usd.at_least(_SURE * sure.once)
        elif sure is not None and size is not None:
            usd = forecast_declared.usd_of(sure, size)
            basis += "; the cost from the declared resources" if runs else ""
        if seconds is not None and self.limits.seconds:
            seconds = seconds.up_to(self.limits.seconds)
        return Forecast(usd, seconds, basis, len(runs), DATE if region else "", region)

    def _no_runs(self) -> str:
        if self.is_known:
            return forecast_declared.BASIS
        return "earlier runs could not be read: from the declared resources"

    def _seconds(self, plan: RunPlan, size: int | None) -> Band | None:
        return None if size is None else forecast_declared.seconds_of(plan, size, gpu=self.gpu)

    def _sure(self, plan: RunPlan, size: int | None) -> Estimate | None:
        """What a run costs whatever its steps do, and by the hour."""
        if size is None or self.gpu:
            return None
        node = self.node
        try:
            return sure_cost(plan, size, mode=node.mode, region=node.region, spot=self.limits.spot)
        except ValueError:  # no machine fits, which is refused elsewhere
            return None


@dataclass(frozen=True, slots=True)
class PennsieveEstimator:
    """Estimates runs on nodes that Pennsieve runs.

    Pennsieve tells when runs began and ended, which packages they read, and what all runs of a
    workflow took and cost together (``contracts/workflows.md`` 3.3, 3.9): so the number of packages
    stands for the size of the input, and a run costs what its time did on average.
    """

    history: History
    counters: Counters | None = None

    def of(self, plan: RunPlan, files: Sequence[DataFile]) -> Forecast:
        """The estimate of a run."""
        del plan
        packages = len({file.package_id for file in files})
        past = [_past(run, spot=False) for run in self.history.runs]
        runs = [run for run in past if run.seconds]
        seconds = forecast_method.seconds_of(runs, "", float(packages), least=1.0)
        if seconds is None:
            words = "no runs yet" if self.history.is_known else "earlier runs could not be read"
            return Forecast(basis=f"{words}, and Pennsieve does not say what its nodes charge")
        basis, usd, counted = forecast_method.basis(runs, ""), None, self.counters
        if counted is not None and counted.cost and counted.seconds:
            usd = seconds * (counted.cost / counted.seconds)
            basis += ", the cost from Pennsieve's totals of this workflow"
        return Forecast(usd, seconds, basis, len(runs))


def of_batch(estimates: Sequence[Forecast], parallel: int) -> Forecast | None:
    """The estimate of several runs of which ``parallel`` are active at once; None without any."""
    if not estimates:
        return None
    first = estimates[0]
    usd = [one.usd for one in estimates if one.usd is not None]
    seconds = [one.seconds for one in estimates if one.seconds is not None]
    count = len(estimates)
    return Forecast(
        forecast_method.of_batch(usd) if len(usd) == count else None,
        forecast_method.batch_seconds(seconds, parallel) if len(seconds) == count else None,
        first.basis,
        first.runs,
        first.prices_date,
        first.region,
    )


def _past(run: Run, *, spot: bool) -> PastRun:
    """A run with its cost as the next one is paid."""
    seconds, details = seconds_between(run.started_at, run.completed_at), run.details
    if details is None:
        return PastRun("", float(len(run.package_ids)) or None, seconds, None)
    usd = details.cost
    if usd is not None and details.spot != spot:
        machines = details.costs.get("machines", usd)
        usd += machines * ((SPOT_SHARE if spot else 1 / SPOT_SHARE) - 1)
    return PastRun(details.workflow_version, details.input_bytes, seconds, usd)
