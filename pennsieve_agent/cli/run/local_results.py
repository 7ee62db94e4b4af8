"""The results of a run on this machine: in a folder of it, and in the dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.cli import local_run
from pennsieve_agent.errors import AgentError, ExitCode

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.cli.local_run import Outcome, Plan
    from pennsieve_agent.console.shown import Shown
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.transfers import LocalFile
    from pennsieve_agent.engine.backend import Program
    from pennsieve_agent.services.runs.prepare_local_run import LocalPrepared
    from pennsieve_agent.transfer.upload import UploadReport

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receipt of a run is made of."""

    plan: Plan
    programs: Mapping[str, Program]
    engine: str

    def name(self, results: frozenset[str]) -> str:
        """Its name beside the results, of which one may have the usual name itself."""
        from pennsieve_agent.domain.run_results import RECEIPT

        return RECEIPT if RECEIPT not in results else f"{self.plan.record.run}-{RECEIPT}"

    @property
    def more(self) -> Mapping[str, str]:
        """The texts of what else goes with results that have no file of the name."""
        from pennsieve_agent.local.receipt_here import more_here

        return more_here(self.plan.node, self.plan.record)

    def texts(self, results: Sequence[tuple[str, Path]]) -> Mapping[str, str]:
        """The receipt and its RO-Crate, by name.

        Raises:
            OSError: a result cannot be read.
        """
        from pennsieve_agent.local.receipt_here import receipt_here, texts_here

        plan = self.plan
        whole = receipt_here(plan.node, plan.record, plan.request, self.programs, self.engine)
        return texts_here(whole, self.name(frozenset(name for name, _ in results)), results)


def keep(outcome: Outcome, receipt: Receipt, into: Path) -> None:
    """Copy the results into a folder, with the run's receipt as a node leaves one; none: nothing.

    Raises:
        OSError: it cannot be written.
    """
    if not outcome.files:
        return
    local_run.keep(outcome.files, into)
    names = frozenset(name for name, _ in outcome.files)
    for name, text in receipt.more.items():
        if name not in names or name.startswith("."):  # a list of names is added to
            with (into / name).open("a", encoding="utf-8") as file:
                file.write(text)
    for name, text in receipt.texts(outcome.files).items():
        (into / name).write_text(text, encoding="utf-8")


def uploaded(
    context: Context, ready: LocalPrepared, outcome: Outcome, kept: Path, answer: Shown
) -> Shown:
    """Upload what was kept, and add that to the answer; a run that failed hands nothing over.

    Raises:
        AgentError: it cannot be uploaded; the hint says how to do it later.
    """
    if ready.dataset is None or not outcome.ok or not outcome.files:
        why = "the run failed" if not outcome.ok else "there are no results"
        return replace(answer, notes=[*answer.notes, f"nothing was uploaded: {why}"])
    by_hand = f"pennsieve dataset upload '{ready.dataset.name}' {kept}/* --folder {ready.folder}"
    part = context.interruption.during(
        f"the results are in {kept}; what was sent is kept, the other files are not uploaded",
        f"upload the others with: {by_hand}",
        always=True,
    )
    with part:
        try:
            report, left_out = _upload(context, ready.dataset, kept, ready.folder)
        except AgentError as error:
            error.hint = f"the results are in {kept}; upload them with: {by_hand}"
            raise
    return _with_upload(answer, report, left_out, ready, by_hand)


def _upload(
    context: Context, dataset: Dataset, kept: Path, folder: str
) -> tuple[UploadReport, list[str]]:
    """Upload all files of a folder; what became of them, and which are empty."""
    from pennsieve_agent.cli.dataset.upload import resumed
    from pennsieve_agent.services.files.upload_files import Collected

    files = [_local(kept, path, folder) for path in sorted(kept.rglob("*")) if path.is_file()]
    empty = [file.target for file in files if not file.size]
    collected = Collected(files=[file for file in files if file.size])
    words = [context.profile.hosts.api2, dataset.id, folder, "local run", str(kept.resolve())]
    return resumed(context, dataset, words, collected, replace=False), empty


def _local(kept: Path, path: Path, folder: str) -> LocalFile:
    from pennsieve_agent.domain.transfers import LocalFile

    inner = path.relative_to(kept).parent.as_posix()
    state = path.stat()
    place = folder if inner == "." else f"{folder}/{inner}"
    return LocalFile(path, place, path.name, state.st_size, state.st_mtime_ns)


def _with_upload(
    answer: Shown, report: UploadReport, empty: list[str], ready: LocalPrepared, by_hand: str
) -> Shown:
    from pennsieve_agent.console.words import plural, size

    name = ready.dataset.name if ready.dataset is not None else ""
    count = plural(len(report.uploaded), "file")
    notes = [*answer.notes, f"uploaded {count}, {size(report.size)}, to {ready.folder} of '{name}'"]
    notes += [
        f"not uploaded, as Pennsieve does not accept empty files: {path}" for path in empty[:_SHOWN]
    ]
    notes += [f"not uploaded: '{path}': {error.message}" for path, error in report.failed[:_SHOWN]]
    if report.failed:
        notes.append(f"try again with: {by_hand}")
    failed = [path for path, _ in report.failed]
    document = {
        **answer.document,
        "uploaded_to": ready.folder,
        "not_uploaded": [*empty, *failed],
    }
    code = ExitCode.FAILED if failed else answer.exit_code
    return replace(answer, document=document, notes=notes, exit_code=code)
