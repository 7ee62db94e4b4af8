"""What is kept of a run after its end: how much it is, and deleting it when its time is over.

What a run's steps made is in the node's bucket; S3 Files puts it there 60 seconds after it was last
written, and then 800 files a second (Amazon S3 User Guide, "Performance specifications"). So it is
measured when the run ends, and once more by the clock.

It is paid in the bucket for as long as it is there. Its cost is counted when it is kept, for all of
the days that were asked for, as nothing else is sure to end them; where another run goes on with it
or it is deleted sooner, the rest is taken off again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from pennsieve_agent.domain.step_files import FILES_PREFIX, RUNS_FOLDER
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import Phase, RunRecord
from pennsieve_agent.node.records.run_store import RunStore

log = logging.getLogger(__name__)

SETTLED_SECONDS = 1800.0
"""After the end of a run, when all that its steps wrote is taken to be in the bucket."""


def stored_bytes(node: Node, record: RunRecord) -> int | None:
    """How much of a run is in the node's bucket, in bytes; None where AWS refuses to tell."""
    client, total, token = node.client("s3"), 0, ""
    where = {
        "Bucket": node.settings.bucket,
        "Prefix": f"{FILES_PREFIX}{RUNS_FOLDER}/{record.folder}/",
    }
    try:
        while True:
            more = {"ContinuationToken": token} if token else {}
            page = client.list_objects_v2(**where, **more)
            total += sum(int(row["Size"]) for row in page.get("Contents") or ())
            token = str(page.get("NextContinuationToken") or "")
            if not token:
                return total
    except Exception as error:
        if not aws_code(error):
            raise
        log.warning("what is kept of run %s is not measured: %s", record.run, aws_code(error))
        return None


@dataclass(frozen=True, slots=True)
class FileSweep:
    """Looks after what is kept of runs that are over.

    ``go_on`` moves a run forward whose lease is held, ``measure`` counts what one has cost.
    """

    node: Node
    store: RunStore
    go_on: Callable[[str], None]
    measure: Callable[[RunRecord], None]

    def sweep(self, run: str) -> None:
        """Delete the files of a run that is over, which were kept for some days.

        Not those that another run goes on with: it deletes them at its own end.
        """
        if not self.store.take(run):
            return
        try:
            if self._begins(run):
                self.go_on(run)
            while not self.store.release(run):
                self.go_on(run)
        except Exception:
            self.store.drop(run)
            raise

    def settle(self, run: str) -> None:
        """Measure once more what is kept of a run that is over."""
        if not self.store.take(run):
            return
        try:
            record = self.store.read(run)
            if record is not None and record.phase is Phase.DONE and record.kept:
                size = stored_bytes(self.node, record)
                if size is not None:
                    record.kept["bytes"] = size
                self._count(record)
                self.store.keep_files(run, float(record.kept["until"]), record.kept["bytes"])
        finally:
            self.store.drop(run)

    def _begins(self, run: str) -> bool:
        """Whether a run has files that are to be deleted now; it is active again then."""
        record = self.store.read(run)
        if record is None:
            self.store.forget_files(run)
        elif not self.store.take_files(run, run):
            if record.phase is Phase.DONE:
                close_kept(record, self.node.now())
                self._count(record)
                self.store.forget_files(run)
        elif record.phase is Phase.DONE:
            self.store.begin_again(run)  # first: nobody else would go on with it
            record.phase = Phase.CLEANING
            self.store.write(record)
            return True
        return False

    def _count(self, record: RunRecord) -> None:
        self.measure(record)
        self.store.forget(record)


def close_kept(record: RunRecord, now: float) -> None:
    """Note that what was kept of a run is not its own any more."""
    if record.kept:
        record.kept["over"] = min(now, float(record.kept["until"]))
