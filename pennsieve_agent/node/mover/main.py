"""The program of a mover job: reads what to do, does it, and ends with 0, or 1 and a reason."""

from __future__ import annotations

import os
import shutil
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from pennsieve_agent.node.mover import merge, stage, targets
from pennsieve_agent.node.mover.relay import Relay
from pennsieve_agent.node.mover.trouble import Trouble, disk_words
from pennsieve_agent.node.sigv4 import keys_of_task, place, signed
from pennsieve_agent.node.tasks import LAYERS_DIR, LAYERS_MOUNT, RUN_DIR, Task, TaskKind

INPUT = ".input"
"""What the folder of a step's merged input has after the step's id."""


def main() -> int:
    """Do the task that the environment names; the exit code."""
    try:
        work(os.environ)
    except Trouble as error:
        _say(str(error))
        return 1
    except OSError as error:
        _say(disk_words(error, "moving files"))
        return 1
    return 0


def work(environ: Mapping[str, str]) -> None:
    """Do a task.

    Raises:
        Trouble: it cannot be done.
        OSError: the file system, or AWS, refuses.

    """
    run = Path(environ[RUN_DIR])
    task = Task.of(_told(environ))
    relay = Relay(
        task.run,
        environ["NODE_RECONCILER"],
        environ["NODE_REGION"],
        time.sleep,  # noqa: TID251 - the process itself
        environ.get("NODE_ENDPOINT", ""),
    )
    match task.kind:
        case TaskKind.STAGE_IN:
            stage.stage_in(task, relay, run / task.step, _say)
        case TaskKind.MERGE:
            parents = [(step, run / step) for step in task.parents]
            count = merge.merge(parents, run / f"{task.step}{INPUT}")
            _say(f"{count} files of {len(parents)} steps")
        case TaskKind.DELIVER:
            places = targets.Places(run, Path(environ.get(LAYERS_DIR, LAYERS_MOUNT)))
            targets.deliver(task, relay, places, _say, time.time)
        case TaskKind.CLEAN:
            _clean(run)


def _told(environ: Mapping[str, str]) -> bytes:
    """What to do, from the node's bucket."""
    region, key = environ["NODE_REGION"], environ["MOVER_TASK"]
    base = place("s3", region, environ.get("NODE_ENDPOINT", ""))
    url = f"{base}/{environ['NODE_BUCKET']}/{key}"
    headers = signed("GET", url, "s3", region, keys_of_task())
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the node's own bucket
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        found: bytes = answer.read()
    return found


def _clean(run: Path) -> None:
    """Remove everything of the run; the folder itself goes with its access point."""
    for path in run.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    _say("the run's files are gone")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
