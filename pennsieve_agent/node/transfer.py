"""The Lambda functions that move the files of small runs: what a transfer job does, at once.

There are two, of the same code. ``transfer`` reaches Pennsieve and mounts nothing; ``files`` mounts
the files of runs and, inside the node's network, reaches nothing but the node's bucket. A delivery
is a call of each: the results go from one to the other as an archive in the bucket.

A call is told ``{"run", "job", "task", "part"}``: the key of its task (:mod:`.jobs.tasks`) and
which of the two functions it is meant for. What it answers, AWS hands to the relay
(:mod:`.jobs.calls`). What does not fit is left to a job of AWS Batch, which goes on with it.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.job_sizes import CALL_BYTES, CALL_FILES
from pennsieve_agent.node.jobs.calls import Part, archive_key, begun_key, stop_key
from pennsieve_agent.node.jobs.tasks import Task, TaskKind
from pennsieve_agent.node.node import aws_code
from pennsieve_agent.node.node_settings import variable
from pennsieve_agent.node.transfer_job import perform, targets
from pennsieve_agent.node.transfer_job.delivery_state import keeper
from pennsieve_agent.node.transfer_job.gather import pack, unpack
from pennsieve_agent.node.transfer_job.pace import Pace, RunStopped, TooLarge
from pennsieve_agent.node.transfer_job.transfer_error import TransferError

FILES_MOUNT = "FILES_MOUNT"
"""Tells a function where the folders of all runs are."""
SECONDS = 600.0
"""After which the rest is left to a job."""
MOST_RESULT_BYTES = 1_500_000_000
"""That are delivered: they lie on the function's disk meanwhile."""
MOST_RESULTS = 2000
MOST_LINES, MOST_LINE = 400, 400
MOST_SAID, MOST_REASON = 150_000, 4000
"""Bytes of all lines as JSON, and characters: what is said is a part of the answer, of which AWS
hands on 256 KB, or 1 MB since (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)."""
_THERE = {"412", "409", "PreconditionFailed", "ConditionalRequestConflict"}


@dataclass(frozen=True, slots=True)
class Here:
    """The function: its node's names, S3, and where the folders of runs are mounted."""

    bucket: str
    region: str
    relay: str
    endpoint: str
    files: Path
    s3: Any
    now: Callable[[], float] = time.time


@functools.cache
def here() -> Here:
    """What the function's variables say; they are few, as its template is long."""
    import boto3  # noqa: PLC0415 - slow

    environ = os.environ
    endpoint = environ.get(variable("endpoint"), "")
    s3 = boto3.client("s3", endpoint_url=endpoint or None)
    return Here(
        environ[variable("bucket")],
        environ[variable("region")],
        environ[variable("relay")],
        endpoint,
        Path(environ.get(FILES_MOUNT, "")),
        s3,
    )


def handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """AWS Lambda's way in."""
    os.umask(0o022)
    return call(event, here())


def call(event: Mapping[str, Any], node: Here) -> dict[str, Any]:
    """Do a task, or a part of it: ``{ended, reason, lines, started, stopped}``."""
    started = node.now()
    lines: list[tuple[int, str]] = []
    ended, reason = _ended(event, node, lines)
    return {
        "ended": ended,
        "reason": reason[:MOST_REASON],
        "lines": last_lines(lines),
        "started": started,
        "stopped": node.now(),
    }


def last_lines(lines: Sequence[tuple[int, str]]) -> list[list[Any]]:
    """The last lines of a call, as many as its answer holds."""
    rows = [[at, text[:MOST_LINE]] for at, text in lines[-MOST_LINES:]]
    room = MOST_SAID
    for number, row in enumerate(reversed(rows)):
        room -= len(json.dumps(row))
        if room < 0:
            return rows[len(rows) - number :]
    return rows


def _ended(event: Mapping[str, Any], node: Here, lines: list[tuple[int, str]]) -> tuple[str, str]:
    run = str(event["run"])
    if not _is_first(node, run, str(event["job"])):
        return "REPEATED", ""

    def say(text: str) -> None:
        lines.append((int(node.now() * 1000), text))

    try:
        _work(event, node, _pace(node, run), say)
    except TooLarge as error:
        return "UNFIT", str(error)
    except RunStopped as error:
        return "FAILED", str(error)
    except TransferError as error:
        say(str(error))
        return "FAILED", str(error)
    return "SUCCEEDED", ""


def _work(event: Mapping[str, Any], node: Here, pace: Pace, say: perform.Say) -> None:
    body = node.s3.get_object(Bucket=node.bucket, Key=event["task"])["Body"]
    task, part = Task.of(body.read()), Part(event["part"])
    names = node.bucket, node.region, node.relay, node.endpoint
    where = perform.Where(*names, pace, say)
    root = node.files / task.folder
    match task.kind, part:
        case TaskKind.STAGE_IN, Part.TRANSFER:
            pace.bytes, pace.files = CALL_BYTES, CALL_FILES
            perform.stage(task, where)
        case TaskKind.MERGE, Part.FILES:
            perform.merge_parents(task, root, where)
        case TaskKind.CLEAR, Part.FILES:
            perform.clear(task, root, where)
        case TaskKind.CLEAN, Part.FILES:
            perform.clean(task, root, where)
        case TaskKind.DELIVER, Part.FILES:
            _pack(task, node, root, pace)
        case TaskKind.DELIVER, Part.TRANSFER:
            _deliver(task, node, where)
        case _:
            raise TooLarge(f"no function does '{task.kind}' as '{part}'")


def _pack(task: Task, node: Here, root: Path, pace: Pace) -> None:
    """Put what is to be delivered into the bucket."""
    results = perform.gathered(task, root)
    pace.bytes, pace.files = MOST_RESULT_BYTES, MOST_RESULTS
    pace.begin(len(results.files), results.size)
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "results.tar")
        pack(results, archive)
        key = archive_key(task.run, task.step)
        node.s3.upload_file(str(archive), node.bucket, key)


def _deliver(task: Task, node: Here, where: perform.Where) -> None:
    """Deliver what the other function has put there."""
    folder = Path(tempfile.mkdtemp())
    try:
        archive = folder / "results.tar"
        key = archive_key(task.run, task.step)
        node.s3.download_file(node.bucket, key, str(archive))
        results = unpack(archive, folder / "files")
        archive.unlink()
        state = perform.state_file(task, folder)
        places = targets.Places(state, folder, keeper(task, where))
        perform.deliver(task, places, results, where)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_first(node: Here, run: str, job: str) -> bool:
    """Whether nobody else does this call: AWS may hand an event over twice.

    (AWS Lambda, "How Lambda handles errors and retries with asynchronous invocation".)
    """
    try:
        node.s3.put_object(Bucket=node.bucket, Key=begun_key(run, job), Body=b"", IfNoneMatch="*")
    except Exception as error:
        if aws_code(error) in _THERE:
            return False
        raise
    return True


def _pace(node: Here, run: str) -> Pace:
    def stop() -> bool:
        # By a list: who asks for an object that is not there is told that he may not.
        results = node.s3.list_objects_v2(Bucket=node.bucket, Prefix=stop_key(run), MaxKeys=1)
        return bool(results.get("Contents"))

    return Pace(time.time, time.time() + SECONDS, stop=stop)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    here()  # a function's start has more of a processor than its calls have
