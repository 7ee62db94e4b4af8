"""The programs in which the code of functions runs; they import nothing of this package.

:func:`main` is started with the text of this file. It loads boto3 with its descriptions of AWS,
which takes long, and then waits: each time it is asked it forks a process for a function, which has
all that already. Such a process answers events: each line of its input is ``{"event", "chain"}``,
the second being the header that its own calls carry; each line it writes
is ``{"answer"}``, or ``{"error": [kind, text, trace]}``. What the handler prints goes to standard
error.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import signal
import socket
import struct
import sys
import time
import traceback
import uuid
from typing import Any

SERVICES = (
    "batch",
    "dynamodb",
    "ecr",
    "events",
    "lambda",
    "logs",
    "s3",
    "secretsmanager",
    "ssm",
    "sts",
)
"""What functions are likely to use; other services are loaded when they are used."""
HEADER = struct.Struct("!I")


class Context:
    """What a handler may ask about its call (AWS Lambda, "Python context object")."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` are what the call may take."""
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.aws_request_id = str(uuid.uuid4())
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """How long it may still take."""
        return max(int((self._end - time.monotonic()) * 1000), 0)


def answer(handler: str, seconds: float, line: str) -> dict[str, Any]:
    """Call a handler with an event; its result or its error."""
    module, _, name = handler.rpartition(".")
    call = json.loads(line)
    os.environ["_X_AMZN_TRACE_ID"] = call["chain"]  # botocore sends it along
    try:
        code = getattr(importlib.import_module(module), name)
        return {"answer": code(call["event"], Context(seconds))}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the function's
        trace = traceback.format_tb(error.__traceback__)
        return {"error": [type(error).__name__, str(error), trace]}


def loop(handler: str, seconds: float) -> None:
    """Answer until the input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with contextlib.suppress(Exception):  # said when it is called
        importlib.import_module(handler.rpartition(".")[0])
    for line in sys.stdin:
        out.write(f"{json.dumps(answer(handler, seconds, line))}\n")
        out.flush()


def preload() -> None:
    """Load what every function needs, and let all sessions share what is known of AWS."""
    import boto3  # noqa: PLC0415 - slow
    import botocore.session  # noqa: PLC0415 - slow

    botocore.session.create_loader = functools.cache(older_loader)
    nobody = boto3.session.Session("none", "none", region_name="us-east-1")
    for service in SERVICES:
        nobody.client(service, endpoint_url="http://127.0.0.1:9").close()


def older_loader(paths: str | None = None) -> Any:
    """What a boto3 of before April 2026 knows of AWS, so without S3 Files.

    A function cannot count on more: its version "depends on the runtime version and your AWS
    Region" (https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html).
    """
    from botocore.exceptions import UnknownServiceError  # noqa: PLC0415 - slow
    from botocore.loaders import create_loader  # noqa: PLC0415 - slow

    loader: Any = create_loader(paths)
    load = loader.load_service_model

    def older(service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if service_name == "s3files":
            raise UnknownServiceError(service_name=service_name, known_service_names=SERVICES)
        model = load(service_name, type_name, api_version)
        if (service_name, type_name) == ("batch", "service-2"):
            model["shapes"]["Volume"]["members"].pop("s3filesVolumeConfiguration", None)
        return model

    loader.load_service_model = older
    return loader


def read(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next order, and the ends of pipes that came with it; None at the end."""
    first, pipes, _, _ = socket.recv_fds(control, HEADER.size, 2)
    if not first:
        return None
    parts, left = [], HEADER.unpack(first)[0]
    while left:
        part = control.recv(left)
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return json.loads(b"".join(parts)), pipes


def begin(order: dict[str, Any], pipes: list[int], control: socket.socket) -> None:
    """Become a function's process."""
    control.close()
    for end, place in zip(pipes, (0, 1), strict=True):
        os.dup2(end, place)
        os.close(end)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    sys.path.insert(0, order["code"])
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    loop(order["handler"], order["seconds"])


def main() -> None:
    """Fork a process for each order, until the order pipe is closed; then end them all."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    preload()
    while (message := read(control)) is not None:
        order, pipes = message
        if "end" in order:
            with contextlib.suppress(ProcessLookupError):
                os.kill(order["end"], signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(order["end"], 0)
            control.sendall(HEADER.pack(0))
            continue
        process = os.fork()
        if not process:
            try:
                begin(order, pipes, control)
            finally:
                os._exit(0)
        for end in pipes:
            os.close(end)
        control.sendall(HEADER.pack(process))


if __name__ == "__main__":
    main()
