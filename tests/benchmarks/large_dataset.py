"""``dataset files`` of a dataset with a hundred thousand files: the client's own CPU and memory.

The listing is served on a socket by another process. The command's process counts its CPU time
(user and system) and its largest resident set, from its start to its end. The time is a ratio to
that of reading the same JSON, measured in turns, which says the same on a busy machine. Run by
``make bench``; exits 1 when a target is missed.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.fakes.scripted_platform import COGNITO_CONFIG, signed_in

FILES = 100_000
FOLDERS = 500
TARGET, MOST_BYTES = 6.0, 150 * 1024**2
"""3 s of CPU on a machine that reads the JSON in 0.5 s; bytes of memory."""
DATASET = "N:dataset:0043cbb4-3057-40f0-99de-6878b0d08cad"
COMMANDS = (
    ("dataset", "files", DATASET, "--tree", "--depth", "2"),
    ("dataset", "files", DATASET, "--tree"),
    ("dataset", "files", DATASET),
    ("dataset", "files", DATASET, "--json"),
)


def package(number: int) -> dict[str, object]:
    """An item of the listing as Pennsieve gives it (``contracts/core.md`` 3.4)."""
    is_folder = number < FOLDERS
    content = {
        "id": number,
        "nodeId": f"N:{'collection' if is_folder else 'package'}:{number:08x}-3057-40f0-99de",
        "name": f"session {number}" if is_folder else f"recording-{number}.edf",
        "packageType": "Collection" if is_folder else "TimeSeries",
        "datasetId": 12,
        "datasetNodeId": DATASET,
        "state": "READY",
        "ownerId": 7,
        "createdAt": "2026-11-28T10:00:00.000000Z",
        "updatedAt": "2026-11-28T10:00:00.000000Z",
    }
    if not is_folder:
        content["parentId"] = number % FOLDERS
    elif number % 10:
        content["parentId"] = number - number % 10
    source = {
        "content": {
            "id": number,
            "packageId": number,
            "name": f"recording-{number}.edf",
            "filename": f"recording-{number}.edf",
            "fileType": "EDF",
            "objectType": "source",
            "s3bucket": "storage",
            "s3key": f"O1/D12/{number}",
            "size": 1000 + number,
            "checksum": {"chunkSize": 8388608, "checksum": f"{number:064x}"},
        }
    }
    return {
        "content": content,
        "properties": [],
        "children": [],
        "objects": {"source": [] if is_folder else [source]},
        "isTruncated": False,
    }


class Pennsieve(BaseHTTPRequestHandler):
    """Sign-in, one dataset and its listing."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer what ``dataset files`` asks."""
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path == "/authentication/cognito-config":
            self._answer(COGNITO_CONFIG)
        elif parts.path.endswith("/packages"):
            start = int(query.get("cursor", ["0"])[0].rpartition(":")[2])
            end = min(start + int(query["pageSize"][0]), FILES + FOLDERS)
            page: dict[str, object] = {"packages": [package(n) for n in range(start, end)]}
            self._answer(page | ({"cursor": f"package:{end}"} if end < FILES + FOLDERS else {}))
        else:
            content = {"id": DATASET, "intId": 12, "name": "Large"}
            self._answer({"content": content, "role": "owner"})

    def do_POST(self) -> None:
        """Sign in."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(signed_in(1))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def measured(words: tuple[str, ...], env: Mapping[str, str]) -> tuple[float, int]:
    """CPU seconds and the most bytes of memory of a command, by the system's own count."""
    with subprocess.Popen(
        [sys.executable, "-m", "pennsieve_agent", *words],
        env=dict(env),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: {said.decode()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def reading() -> float:
    """CPU seconds of reading the listing's JSON, page by page."""
    seconds = 0.0
    for start in range(0, FILES + FOLDERS, 1000):
        page = json.dumps([package(n) for n in range(start, min(start + 1000, FILES + FOLDERS))])
        before = time.process_time()
        json.loads(page)
        seconds += time.process_time() - before
    return seconds


def main() -> int:
    """Measure; 1 when a target is missed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pennsieve)
    serving = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
    serving.start()
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{server.server_port}"
        env = {
            **os.environ,
            "HOME": folder,
            "PENNSIEVE_API_KEY": "key",
            "PENNSIEVE_API_SECRET": "word",
            "PENNSIEVE_API_HOST": url,
            "PENNSIEVE_API_HOST2": url,
            "PENNSIEVE_COGNITO_ENDPOINT": f"{url}/",
            "PYTHONPATH": str(Path.cwd()),
        }
        for words in COMMANDS:
            base = reading()
            seconds, memory = measured(words, env)
            ratio = seconds / ((base + reading()) / 2)
            missed += not (ratio <= TARGET and memory <= MOST_BYTES)
            shown = " ".join(words).replace(DATASET, "DATASET")
            figures = (
                f"{seconds:.2f} s of CPU, {ratio:.1f} times its JSON, {memory / 1024**2:.0f} MB"
            )
            print(f"{shown}: {figures}")  # noqa: T201
    serving.terminate()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
