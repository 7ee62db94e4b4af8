"""The runs of the nodes that Pennsieve runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.log_filter import ALL_LINES, LogFilter
from pennsieve_agent.domain.log_follower import LogReader
from pennsieve_agent.domain.run_filter import RunFilter, RunQuery
from pennsieve_agent.domain.run_results import Delivered, own_folder, target_folders
from pennsieve_agent.domain.runs import (
    LogMessage,
    OutputFile,
    Run,
    RunInput,
    RunState,
    RunStatus,
    StepState,
)
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.metrics import Counters, Period, RunMetrics
    from pennsieve_agent.domain.receipt.context import Stated
    from pennsieve_agent.platform.client import Platform


class PennsieveRuns:
    """The runs of a workspace, those of other members included."""

    token, name = "", "Pennsieve"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._readers: dict[tuple[str, str], LogReader] = {}
        self._read: set[tuple[str, str]] = set()

    def newest(self, query: RunQuery) -> list[Run]:
        """The newest runs that fit, newest first.

        All are read to know which are the newest: the platform promises no order (3.3).
        """
        only = RunFilter(
            since=query.since,
            until=query.until,
            dataset_id=query.dataset,
            created_by=query.person.user_id if query.person else "",
        )
        listed = self._platform.runs.list(
            self._platform.workspace_id(),
            workflow_id=query.workflow or None,
            status=query.status,
            only=only,
        )
        runs = sorted(listed, key=lambda run: run.age_key, reverse=True)
        return [self._named(run) for run in runs[: query.limit]]

    def get(self, run_id: str) -> Run:
        """One run with its steps.

        Raises:
            NotFound: there is none.
        """
        return self._named(self._platform.runs.get(run_id))

    def state(self, run_id: str) -> RunState:
        """The state of a run and its steps."""
        return self._platform.runs.state(run_id)

    def new_lines(
        self, run_id: str, steps: Sequence[StepState], only: LogFilter = ALL_LINES
    ) -> Iterator[Sequence[LogMessage]]:
        """Lines that were not answered before, by time.

        Pennsieve answers whole logs (``contracts/workflows.md`` 3.5), so each step that has started
        is asked for, and none again after its end.
        """
        del only
        unread = [
            step
            for step in steps
            if step.status is not RunStatus.NOT_STARTED and (run_id, step.id) not in self._read
        ]
        # All are read before anything is taken as answered: a failure half way loses nothing.
        logs = [(step, self._platform.runs.logs(run_id, step.id)) for step in unread]
        lines: list[LogMessage] = []
        for step, log in logs:
            reader = self._readers.setdefault((run_id, step.id), LogReader())
            lines += (replace(line, step=step.id) for line in reader.fresh(log))
            if step.status.is_final:
                self._read.add((run_id, step.id))
        yield sorted(lines, key=lambda line: line.timestamp)  # stable: a step's order is kept

    def last_lines(
        self, run_id: str, steps: Sequence[StepState], count: int, only: LogFilter = ALL_LINES
    ) -> Sequence[LogMessage]:
        """The last lines of these steps; the platform gives no part of a log (3.5)."""
        begun = [step.id for step in steps if step.status is not RunStatus.NOT_STARTED]
        lines = [line for step in begun for line in self._platform.runs.logs(run_id, step)]
        return sorted(only.lines(lines), key=lambda line: line.timestamp)[-count:]

    def log_archive(self, run_id: str) -> str:
        """The address of a zip with all logs.

        Raises:
            NotFound: there is none yet.
        """
        return self._platform.runs.log_archive(run_id)

    def input(self, run: Run) -> RunInput:
        """What the run's packages hold now: Pennsieve keeps their ids alone (3.2)."""
        held = self._platform.datasets.files_of(run.dataset_id, run.package_ids)
        size = total(file.size for file in held.files)
        return RunInput(held.files, len(held.files), size, missing=len(held.missing))

    def outputs(self, run: Run) -> Sequence[OutputFile]:
        """The files that came to the folders of the run's targets while they were its own, by path.

        Pennsieve does not keep what a run delivered. So a file counts that is in the folder, came
        there after the run began, and before the next run that has the same folder did.
        """
        begins = tuple(f"{folder}/" for folder in target_folders(run))
        first = run.started_at or run.created_at
        last = self._next_start(run, first)
        written = [
            OutputFile(file.path, file.size, file.package_id)
            for file in self._platform.datasets.files(run.dataset_id)
            if file.path.startswith(begins)
            and (not file.created_at or first <= file.created_at < last)
        ]
        return sorted(written, key=lambda file: file.path)

    def _next_start(self, run: Run, first: str) -> str:
        """When the next run with a folder of this one began; after all times when none did."""
        folders = target_folders(run)
        only = RunFilter(since=first, dataset_id=run.dataset_id)
        runs = self._platform.runs.list(self._platform.workspace_id(), only=only)
        starts = (
            one.started_at
            for one in runs
            if one.uuid != run.uuid and one.started_at > first and target_folders(one) & folders
        )
        return min(starts, default="9")

    def receipt(self, run: Run, stated: Stated) -> dict[str, Any]:
        """The receipt of a run, as far as Pennsieve tells of it."""
        from pennsieve_agent.domain.receipt.context import (  # noqa: PLC0415 - few ask for it
            Costs,
        )
        from pennsieve_agent.domain.receipt.pennsieve_run import (  # noqa: PLC0415 - the same
            receipt_of,
        )

        counted = self.metrics(run.uuid)
        spent = Costs(None) if counted is None else Costs(counted.cost, dict(counted.parts))
        return receipt_of(run, self.state(run.uuid), stated, spent)

    def delivered(self, dataset_id: str, has: Callable[[str], bool]) -> Delivered:
        """The folders that runs made in a dataset, and what came to folders that somebody chose.

        The list tells no folder (3.3), so a run that has none of its name is asked for its own.
        A chosen folder may have had other files before, which are not results.
        """
        only = RunFilter(dataset_id=dataset_id)
        runs = list(self._platform.runs.list(self._platform.workspace_id(), only=only))
        unknown = [run for run in runs if not run.target_params and not has(own_folder(run.name))]
        details = side_by_side([partial(self._platform.runs.get, run.uuid) for run in unknown])
        skipped = {run.uuid for run in unknown}
        known = [*details, *(run for run in runs if run.uuid not in skipped)]
        own = frozenset(own_folder(run.name) for run in known)
        chosen = {
            (f"{folder}/", run.started_at or run.created_at)
            for run in known
            for folder in target_folders(run) - own
            if has(folder)
        }
        files = self._platform.datasets.files(dataset_id) if chosen else ()
        packages = frozenset(
            file.package_id
            for file in files
            for folder, first in chosen
            if file.path.startswith(folder) and (not file.created_at or first <= file.created_at)
        )
        return Delivered(
            own & {folder for run in known for folder in target_folders(run)}, packages
        )

    def metrics(self, run_id: str) -> RunMetrics | None:
        """What a run took; None before it was counted."""
        return self._platform.runs.metrics(run_id)

    def counters(self, period: Period, workflow_id: str) -> Counters:
        """Totals, about 15 minutes old."""
        workspace = self._platform.workspace_id()
        return self._platform.metrics.counters(workspace, period, workflow_uuid=workflow_id)

    def cancel(self, run_id: str) -> None:
        """Ask for a run to be cancelled.

        Raises:
            Conflict: it has ended already.
        """
        self._platform.runs.cancel(run_id)

    def _named(self, run: Run) -> Run:
        return replace(run, node_name=self._nodes.get(run.node_uuid, run.node_uuid))

    @cached_property
    def _nodes(self) -> Mapping[str, str]:
        """Names of nodes; a node that was removed, or is hidden, is shown by its id."""
        try:
            nodes = self._platform.compute.nodes(self._platform.workspace_id())
        except PlatformError:
            return {}
        return {node.uuid: node.name for node in nodes}
