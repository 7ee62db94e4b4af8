"""The program of a transfer job: reads what to do, does it, ends with 0, or 1 and a reason."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from pennsieve_agent.domain.step_files import LAYERS_MOUNT
from pennsieve_agent.node.jobs.tasks import LAYERS_DIR, RUN_DIR, Task, TaskKind
from pennsieve_agent.node.transfer_job import perform, targets
from pennsieve_agent.node.transfer_job.delivery_state import restore
from pennsieve_agent.node.transfer_job.pace import Pace
from pennsieve_agent.node.transfer_job.transfer_error import TransferError, disk_words
from pennsieve_agent.transfer.sigv4 import keys_of_task, place, signed

_READABLE = 0o022
"""Files and folders that anybody may read: a step's image may run as any user."""


def main() -> int:
    """Do the task that the environment names; the exit code."""
    os.umask(_READABLE)
    try:
        work(os.environ)
    except TransferError as error:
        _say(str(error))
        return 1
    except OSError as error:
        _say(disk_words(error, "moving files"))
        return 1
    return 0


def work(environ: Mapping[str, str]) -> None:
    """Do a task.

    Raises:
        TransferError: it cannot be done.
        OSError: the file system, or AWS, refuses.

    """
    root = Path(environ.get(RUN_DIR, ""))
    task = Task.of(_read_task(environ))
    where = perform.Where(
        environ["NODE_BUCKET"],
        environ["NODE_REGION"],
        environ["NODE_RELAY"],
        environ.get("NODE_ENDPOINT", ""),
        Pace(time.time),
        _say,
    )
    match task.kind:
        case TaskKind.STAGE_IN:
            perform.stage(task, where)
        case TaskKind.MERGE:
            perform.merge_parents(task, root, where)
        case TaskKind.DELIVER:
            state = perform.state_file(task, root)
            restore(task, state, where)
            layers = Path(environ.get(LAYERS_DIR, LAYERS_MOUNT))
            results = perform.gathered(task, root)
            perform.deliver(task, targets.Places(state, layers), results, where)
        case TaskKind.CLEAR:
            perform.clear(task, root, where)
        case TaskKind.CLEAN:
            perform.clean(task, root, where)


def _read_task(environ: Mapping[str, str]) -> bytes:
    """The task, from the node's bucket."""
    region, key = environ["NODE_REGION"], environ["MOVER_TASK"]
    base = place("s3", region, environ.get("NODE_ENDPOINT", ""))
    url = f"{base}/{environ['NODE_BUCKET']}/{key}"
    headers = signed("GET", url, "s3", region, keys_of_task())
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the node's own bucket
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        task: bytes = answer.read()
    return task


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
