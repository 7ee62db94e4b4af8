"""What a data target does with results, by its type (``contracts/workflows.md`` 2.5)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennsieve_agent.domain import target_types
from pennsieve_agent.domain.input_layout import NO_FILES_AT_TOP, Layout
from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.jobs.tasks import Task
from pennsieve_agent.node.records.amounts import amount
from pennsieve_agent.node.transfer_job.gather import Gathered
from pennsieve_agent.node.transfer_job.left_out import LeftOut
from pennsieve_agent.node.transfer_job.manifests import storage_keys
from pennsieve_agent.node.transfer_job.relay import Relay
from pennsieve_agent.node.transfer_job.transfer_error import TransferError, disk_words
from pennsieve_agent.node.transfer_job.upload_results import Delivery, hex_of, note
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.object_store import ObjectStore
from pennsieve_agent.transfer.sender import Sender

Say = Callable[[str], None]
Wrote = Callable[[Path], None]
"""Is told that a file with what was decided has changed, before anything is done about it."""


def _nothing(_: Path) -> None:
    """Do nothing: the file is on a disk that stays."""


@dataclass(frozen=True, slots=True)
class Places:
    """The file with what a delivery has decided, and the folder of the node's layers."""

    state: Path
    layers: Path
    wrote: Wrote = _nothing


def deliver(
    task: Task, relay: Relay, places: Places, gathered: Gathered, say: Say, now: Callable[[], float]
) -> None:
    """Hand the files of a target's parents over.

    Raises:
        TransferError: they cannot be delivered, or there is no such target; or some were left out,
            and all others are delivered.

    """
    left_out = LeftOut(say)
    for why in gathered.left_out:
        left_out.note(why)
    files = gathered.files
    if not left_out:
        _say_who_wrote_nothing(task, gathered, say)
    match task.target:
        case "" | target_types.DATASET_TARGET:
            delivery = Delivery(task, relay, places.state, say, now, left_out, places.wrote)
            count = delivery.run(files)
        case target_types.ASSET_TARGET:
            _asset(task, relay, places, files, say, now)
            count = len(files)
        case target_types.LAYER_TARGET:
            _layer(task, places.layers, files, say)
            count = len(files)
        case _:
            raise TransferError(f"this node does not know target '{task.target}'")
    left_out.fail(delivered=count)


def _say_who_wrote_nothing(task: Task, gathered: Gathered, say: Say) -> None:
    empty = [step for step, files in gathered.files_by_step.items() if not files]
    for step in empty:
        say(f"step '{step}' wrote no files")
    if empty and task.layout is Layout.TREE and task.sources and not gathered.at_top:
        say(NO_FILES_AT_TOP)


def _asset(
    task: Task,
    relay: Relay,
    places: Places,
    files: Sequence[tuple[str, Path]],
    say: Say,
    now: Callable[[], float],
) -> None:
    """One viewer asset of all input packages (``contracts/workflows.md`` 5.7)."""
    kind = task.params.get("ASSET_TYPE", "parquet-umap-viewer")
    query = {"dataset_id": task.dataset}
    if not task.packages:
        raise TransferError("a viewer asset belongs to packages, and the run has none")
    if places.state.exists():
        raise TransferError("an earlier attempt began a viewer asset; start the run again")
    body = {
        "name": task.params.get("ASSET_NAME", kind),
        "asset_type": kind,
        "properties": {},
        "package_ids": list(task.packages),
    }
    answer = relay.ask("POST", "/packages/assets", query, body)
    asset = str(answer["asset"]["id"])
    places.state.write_text(f"{json.dumps({'asset': asset})}\n")
    places.wrote(places.state)
    first = storage_keys(_asset_keys(answer["upload_credentials"]))
    sent = _sent(relay, files, RenewedKeys(lambda: first, now))
    relay.ask("PATCH", f"/packages/assets/{asset}", query, {"status": "ready"})
    outputs = f"/compute/workflows/runs/{task.run}/outputs"
    relay.ask("PUT", outputs, {}, {"assetId": asset})
    note(relay, task, [{**row, "asset": asset} for row in sent])
    say(f"viewer asset {asset} of {len(task.packages)} packages has {len(files)} files")


def _sent(
    relay: Relay, files: Sequence[tuple[str, Path]], keys: RenewedKeys
) -> list[dict[str, Any]]:
    """Upload files to the place of an asset; the path, size and checksum of each."""
    rows = []
    with (
        Sender(network(os.environ)) as sender,
        ObjectStore(sender, relay.sleep, endpoint=relay.endpoint) as storage,
    ):
        for relative, path in files:
            try:
                size, checksum = storage.put(path, relative, keys, "", lambda _: None)
            except AgentError as error:
                raise TransferError(f"'{relative}': {error.message}") from error
            rows.append({"path": relative, "size": size, "sha256": hex_of(checksum)})
    return rows


def _asset_keys(row: dict[str, Any]) -> dict[str, Any]:
    """The one place where the platform writes these with underscores (section 8, trap 24)."""
    return {
        "accessKeyId": row["access_key_id"],
        "secretAccessKey": row["secret_access_key"],
        "sessionToken": row["session_token"],
        "expiration": row["expiration"],
        "bucket": row["bucket"],
        "keyPrefix": row["key_prefix"],
        "region": row["region"],
    }


def _layer(task: Task, shelf: Path, files: Sequence[tuple[str, Path]], say: Say) -> None:
    """Fill a layer of the node, which must be there; it appears complete or not at all."""
    name = task.params.get("layerName", "")
    target = shelf / name
    if not name or "/" in name or name.startswith("."):
        raise TransferError(f"'{name}' is not a valid name for a layer")
    try:
        fresh = shelf / f".{task.run}"
        shutil.rmtree(fresh, ignore_errors=True)
        size = 0
        for relative, path in files:
            place = fresh / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            size += place.stat().st_size
        shutil.rmtree(target, ignore_errors=True)
        fresh.mkdir(parents=True, exist_ok=True)
        fresh.rename(target)
    except OSError as error:
        raise TransferError(disk_words(error, f"filling layer '{name}'")) from error
    say(f"{amount(len(files), size)} in layer {name}")
