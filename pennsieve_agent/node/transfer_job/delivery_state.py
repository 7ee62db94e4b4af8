"""What a delivery has decided, kept in the bucket while a function does it.

The disk of a function is gone when it ends, however it ends. A job that goes on with a delivery
that a function began must know what was done, or results would be delivered twice.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.jobs.tasks import Task, state_key
from pennsieve_agent.node.transfer_job.perform import Where
from pennsieve_agent.node.transfer_job.run_objects import keys_for
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from pennsieve_agent.transfer.bodies import Text
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.object_store import ObjectStore


def keeper(task: Task, where: Where) -> Callable[[Path], None]:
    """What keeps a changed file of a delivery, beside those that were kept before."""
    kept: dict[str, tuple[str, int]] = {}

    def keep(path: Path) -> None:
        kept[path.name] = path.read_text(), path.stat().st_mtime_ns
        try:
            with _kept(task, where) as (store, keys, name):
                store.call(keys, "PUT", name, {}, Text(json.dumps(kept).encode()))
        except AgentError as error:
            raise TransferError(error.message) from error

    return keep


def restore(task: Task, state: Path, where: Where) -> None:
    """Put the files of a delivery that a function began beside ``state``, unless it is there.

    Raises:
        TransferError: they cannot be read.

    """
    if state.exists():
        return
    try:
        with _kept(task, where) as (store, keys, name):
            # By a list: who asks for an object that is not there is told that he may not.
            prefix = quote(f"{keys.current().prefix}/{name}", safe="")
            listed = store.ask(keys, "GET", f"list-type=2&max-keys=1&prefix={prefix}")
            if not listed.element("Key"):
                return
            answer = store.call(keys, "GET", name, {}, Text())
    except AgentError as error:
        raise TransferError(error.message) from error
    for name, (text, at) in json.loads(answer.body).items():
        path = state.with_name(name)
        path.write_text(text)
        os.utime(path, ns=(at, at))


@contextlib.contextmanager
def _kept(task: Task, where: Where) -> Iterator[tuple[ObjectStore, RenewedKeys, str]]:
    folder, _, name = state_key(task.run, task.step).rpartition("/")
    with where.store() as store:
        yield store, keys_for(where.bucket, where.region, folder), quote(name)
