"""What was typed at ``pennsieve run start``, and which options do not go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.cli.run import at_end, mail_options
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_options import BatchOptions
    from pennsieve_agent.cli.run.local_options import LocalOptions
    from pennsieve_agent.services.runs.run_request import RunOptions


@dataclass(frozen=True, slots=True)
class Watching:
    """Whether and how a run is followed to its end; ``timeout`` is in seconds."""

    follow: bool = False
    wait: bool = False
    watch: bool = False
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class TypedStart:
    """All of a command line. ``whole``: the whole dataset is taken without being asked."""

    request: RunOptions
    here: LocalOptions
    batch: BatchOptions
    telling: at_end.AtEnd
    mail: mail_options.MailTyped
    watching: Watching
    repeat: str | None = None
    whole: bool = False
    local: bool = False
    dry_run: bool = False

    def check(self) -> None:
        """Refuse options that do not go together.

        Raises:
            UsageProblem: there are some.
        """
        from pennsieve_agent.cli.run import local_options

        request, batch = self.request, self.batch
        if self.whole and (request.files or request.input_runs):
            other = "--files" if request.files else "--input-run"
            raise UsageProblem(f"--all and {other} cannot be given together", hint="leave one out")
        if batch.is_batch or self.repeat is None:
            batch.check(self._not_for_batches(), self._what_is_sent())
        if self.local:
            _refuse(self._for_nodes(), "--local")
            return
        local_options.refuse_without_local(self.here)
        if not (self.repeat or request.dataset or batch.resume is not None):
            raise UsageProblem(
                "missing option '--dataset'", hint="name a dataset: --dataset DATASET"
            )
        self.telling.check()
        self.mail.check()

    def check_repeated_batch(self, name: str) -> None:
        """Refuse what chooses the input of one run, where a batch is started again.

        Raises:
            UsageProblem: it was typed.
        """
        request = self.request
        files = {"--files": request.files, "--include-results": request.include_results}
        for option, is_typed in {**self._not_for_batches(), **files}.items():
            if is_typed and option not in {"--repeat", "--skip-done"}:
                raise UsageProblem(
                    f"'{name}' is a batch, and {option} is for a run", hint="leave it out"
                )

    def _for_nodes(self) -> Mapping[str, object]:
        """What only a run on a node has."""
        telling = self.telling
        return {
            "--timeout": self.watching.timeout is not None,
            "--grant": self.request.grant,
            "--version": self.request.versions,
            "--watch": self.watching.watch,
            "--then": telling.then is not None,
            "--webhook": telling.webhook is not None,
            self.mail.option: self.mail,
            "--repeat": self.repeat is not None,
            "--skip-done": self.batch.skip_done,
        }

    def _not_for_batches(self) -> Mapping[str, object]:
        """What only a single run has."""
        return {
            "--local": self.local,
            "--all": self.whole,
            "--input-run": self.request.input_runs,
            "--folder": self.request.folder is not None,
            "--repeat": self.repeat is not None,
            "--skip-done": self.batch.skip_done and self.batch.resume is not None,
        }

    def _what_is_sent(self) -> Mapping[str, object]:
        """What a batch that is gone on with has already."""
        request = self.request
        return {
            "--dataset": request.dataset,
            "--workflow": request.workflow,
            "--version": request.versions,
            "--node": request.node,
            "--files": request.files,
            "--include-results": request.include_results,
            "--param and --params-file": request.parameters,
            "--undeclared": request.undeclared,
            "--layout": request.layout,
            "--name": request.name,
            "--dry-run": self.dry_run,
            self.mail.option: self.mail,
            "--max-cost": request.limits.max_cost,
            "--time-limit": request.limits.seconds,
            "--spot": request.limits.spot,
            "--retries": request.limits.retries,
            "--memory-on-oom": request.limits.memory_on_oom,
            "--keep-steps": request.limits.keep_steps,
        }


def _refuse(typed: Mapping[str, object], other: str) -> None:
    for name, is_typed in typed.items():
        if is_typed:
            raise UsageProblem(f"{name} and {other} cannot be given together", hint="leave one out")
