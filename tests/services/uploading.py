"""A command's worth of uploading in a process of its own, that can be killed in the middle."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.domain.transfers import TransferProgress
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.platform.http.transport import pause
from pennsieve_agent.services.files import upload as uploads
from pennsieve_agent.services.files.upload_files import collect
from pennsieve_agent.transfer.journal import UploadJournal
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.object_store import ObjectStore
from pennsieve_agent.transfer.sender import Sender
from pennsieve_agent.transfer.upload import Destination, Upload, UploadReport


def upload(
    told: dict[str, Any], show: Callable[[TransferProgress], None] = lambda _: None, **more: Any
) -> UploadReport:
    """Upload a folder as the settings say; each is plain text."""
    key = ApiKey(told["key"], told["secret"])
    hosts = Hosts(told["api"], told["api2"], told["aws"])
    part = told.get("part", 32 * 2**20)
    with (
        Platform(hosts, key) as platform,
        Sender(network({})) as sender,
        ObjectStore(sender, pause, endpoint=told["aws"], part_bytes=part) as storage,
        UploadJournal(Path(told["journal"]) / "test.jsonl") as journal,
    ):
        sending = Upload(
            platform.uploads,
            storage,
            Destination(told["dataset"], platform.workspace_id(), told.get("replace", False)),
            journal,
            time.time,
            pause,
            show,
            **more,
        )
        return uploads.run(sending, platform.uploads, collect([Path(told["folder"])], "").files)


def main() -> None:
    """Upload as the first argument says; print a line for each file that is stored."""
    upload(json.loads(sys.argv[1]), lambda at: print(at.size, at.files, flush=True))  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
