"""A command's worth of uploading in a process of its own, that can be killed in the middle."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pennsieve_agent.aws.objects import ObjectStore
from pennsieve_agent.domain.profile import ApiKey, AwsSettings, Hosts
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.platform.transport import pause
from pennsieve_agent.services.download import Progress
from pennsieve_agent.services.transfer_collect import collect
from pennsieve_agent.services.transfer_journal import UploadJournal
from pennsieve_agent.services.upload import Destination, Upload, UploadReport


def upload(
    told: dict[str, Any], show: Callable[[Progress], None] = lambda _: None, **more: Any
) -> UploadReport:
    """Upload a folder as the settings say; each is plain text."""
    key = ApiKey(told["key"], told["secret"])
    hosts = Hosts(told["api"], told["api2"], told["aws"])
    settings = AwsSettings(endpoint=told["aws"])
    with (
        Platform(hosts, key) as platform,
        ObjectStore(settings, hosted=False, part_bytes=told.get("part", 32 * 2**20)) as storage,
        UploadJournal(Path(told["journal"]), "test") as journal,
    ):
        return Upload(
            platform,
            storage,
            Destination(told["dataset"], platform.workspace_id(), told.get("replace", False)),
            journal,
            time.time,
            pause,
            show,
            **more,
        ).run(collect([Path(told["folder"])], "").files)


def main() -> None:
    """Upload as the first argument says; print a line for each file that is stored."""
    upload(json.loads(sys.argv[1]), lambda at: print(at.size, at.files, flush=True))  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
