"""Doing a task, in a job of AWS Batch or in a call of a function: the same code."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pennsieve_agent.domain.step_files import merged_folder, step_folder
from pennsieve_agent.engine.remove_tree import remove_tree
from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.jobs.tasks import Task
from pennsieve_agent.node.transfer_job import merge, stage_input, targets
from pennsieve_agent.node.transfer_job.gather import Gathered, gather
from pennsieve_agent.node.transfer_job.pace import Pace
from pennsieve_agent.node.transfer_job.relay import Relay
from pennsieve_agent.node.transfer_job.run_files import Owner, RunFiles
from pennsieve_agent.node.transfer_job.run_objects import RunObjects, keys_for, run_prefix
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.object_store import ObjectStore
from pennsieve_agent.transfer.sender import Sender

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Where:
    """Where a task is done: the node's names in AWS, how long it may take, and where it tells."""

    bucket: str
    region: str
    relay_function: str
    endpoint: str
    pace: Pace
    say: Say
    sleep: Callable[[float], None] = time.sleep  # noqa: TID251 - the process itself

    def relay(self, run: str) -> Relay:
        """The way to Pennsieve."""
        return Relay(run, self.relay_function, self.region, self.sleep, self.endpoint)

    @contextmanager
    def store(self) -> Iterator[ObjectStore]:
        """What puts objects into the node's bucket."""
        with (
            Sender(network(os.environ)) as sender,
            ObjectStore(
                sender, self.sleep, endpoint=self.endpoint, called="the node's bucket"
            ) as store,
        ):
            yield store

    @contextmanager
    def objects(self, task: Task) -> Iterator[RunObjects]:
        """The run's objects in the node's bucket."""
        keys = keys_for(self.bucket, self.region, run_prefix(task.folder))
        with self.store() as store:
            yield RunObjects(store, keys, task.uid)


def stage(task: Task, where: Where) -> None:
    """Bring the input of a run.

    Raises:
        TransferError: it cannot be brought.

    """
    with where.objects(task) as objects:
        stage_input.stage_in(task, where.relay(task.run), objects, where.pace, where.say)


def merge_parents(task: Task, root: Path, where: Where) -> None:
    """Make one folder of those of several steps, or let a step go on with another's output.

    Raises:
        TransferError, OSError: it cannot be made.

    """
    run = RunFiles(root, Owner(task.uid), task.before)
    run.lay_out(task.steps)
    count = merge.merge(run, task.step, task.parents, continues=task.continues)
    where.say(f"{count} files of {len(task.parents)} steps")


def gathered(task: Task, root: Path) -> Gathered:
    """What is to be delivered, in the run's folder.

    Raises:
        TransferError: a layer's file cannot be handed over.

    """
    return gather(task, RunFiles(root, Owner(task.uid), task.before))


def state_file(task: Task, folder: Path) -> Path:
    """The file with what a delivery has decided."""
    return folder / f".{step_folder(task.step)}.delivery.jsonl"


def deliver(task: Task, places: targets.Places, results: Gathered, where: Where) -> None:
    """Hand results over.

    Raises:
        TransferError: they cannot be delivered, or some were left out.

    """
    relay = where.relay(task.run)
    targets.deliver(task, relay, places, results, where.say, time.time)


def clear(task: Task, root: Path, where: Where) -> None:
    """Empty the folders of the steps that are repeated in the folder of another run.

    What a delivery of that run had noted goes, too: else this one would leave out the same files.

    Raises:
        OSError: something stays.

    """
    for step in task.parents:
        for name in (step_folder(step), merged_folder(step)):
            if (root / name).exists():
                remove_tree(root / name)
        state_file(replace(task, step=step), root).unlink(missing_ok=True)
    RunFiles(root, Owner(task.uid)).lay_out(task.steps)
    where.say(f"emptied the folders of steps that are repeated: {len(task.parents)}")


def clean(task: Task, root: Path, where: Where) -> None:
    """Remove all files of a run, and then what the bucket keeps of them.

    What is deleted in the bucket while a change is on its way there would come back, or stay among
    the lost files; so they are deleted as files first (Amazon S3 User Guide, "Understanding how
    synchronization works"). What the bucket still gets of them later, its lifecycle rule deletes.

    Raises:
        TransferError, OSError: something stays.

    """
    for path in root.iterdir() if root.exists() else ():
        if path.is_dir() and not path.is_symlink():
            remove_tree(path)
        else:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # a job's mount cannot be removed, and is empty
        root.rmdir()
    try:
        with where.objects(task) as objects:
            objects.purge()
    except AgentError as error:
        raise TransferError(error.message) from error
    where.say("the run's files are gone")
