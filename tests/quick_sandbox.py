"""Sandboxes whose processes are forked from one that has loaded what every sandbox needs.

To load it takes a sandbox three times as long as all else that it does to start, and tests start
many. What runs is the same: ``pennsieve_agent.sandbox.host.process``. That a sandbox starts without
this is what ``tests/sandbox/host/test_process.py`` and ``tests/cli/test_sandbox_commands.py`` show.
"""

from __future__ import annotations

import atexit
import functools
import gc
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pennsieve_agent.sandbox.host.control import Sandbox

MOST_BYTES = 200_000
"""An order: the arguments and all variables."""
SERVICES = ("batch", "dynamodb", "ecr", "events", "iam", "lambda", "logs", "s3", "s3files", "ssm")
"""Of what these are botocore reads megabytes, which all sandboxes with a node need."""

HELD_SERVICES = ("cloudformation", "ec2", "secretsmanager", "sts")
"""Whose requests are held to these descriptions, too; no client of theirs is made in a sandbox."""


def quick(data: Path) -> Sandbox:
    """The sandbox in ``data``, which starts quickly."""
    return Sandbox(data, _parent().launch)


class Parent:
    """The process that others are forked from; it ends with this one."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            cwd=Path(__file__).parents[1],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()

    def launch(self, arguments: Sequence[str], report: int, log: int) -> None:
        """Start a sandbox; ``report`` and ``log`` are file descriptors, as for ``Sandbox``."""
        order = json.dumps([list(arguments), dict(os.environ)]).encode()
        assert len(order) <= MOST_BYTES, len(order)
        socket.send_fds(self._ours, [order], [report, log])
        assert self._ours.recv(1), "no sandbox can be started any more"

    def close(self) -> None:
        self._ours.close()
        self._process.wait()


@functools.cache
def _parent() -> Parent:
    made = Parent()
    atexit.register(made.close)
    return made


def preload() -> None:
    import botocore.session  # noqa: PLC0415 - in the parent alone

    from pennsieve_agent.sandbox.aws.moto_speed import hurry  # noqa: PLC0415 - the same
    from pennsieve_agent.sandbox.aws.stack_changes import (  # noqa: PLC0415 - the same
        know_fixed_properties,
    )
    from pennsieve_agent.sandbox.aws.stack_events import pace  # noqa: PLC0415 - the same
    from pennsieve_agent.sandbox.aws.stack_templates import (  # noqa: PLC0415 - the same
        check_also,
    )
    from tests.aws.fixed_properties import fixed  # noqa: PLC0415 - the same
    from tests.aws.template_lint import lint  # noqa: PLC0415 - the same

    check_also(lint)
    know_fixed_properties(fixed)
    pace(0)
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    hurry()

    from moto.core.utils import get_service_model  # noqa: PLC0415 - the same

    import pennsieve_agent.sandbox.host.server  # noqa: F401, PLC0415 - the same

    session = botocore.session.get_session()
    for service in SERVICES:
        session.get_service_data(service)
        get_service_model(service)
    for service in HELD_SERVICES:
        get_service_model(service)
    gc.collect()
    gc.freeze()


def main(control: socket.socket) -> int:
    """Fork sandboxes as they are ordered, until nobody can order any more."""
    from pennsieve_agent.sandbox.host.process import main as sandbox  # noqa: PLC0415 - the same

    preload()
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, MOST_BYTES, 2)
        if not order:
            return 0
        report, log = descriptors
        child = os.fork()
        if not child:
            control.close()
            arguments, environ = json.loads(order)
            os.environ.clear()
            os.environ.update(environ)
            for output in (1, 2):
                os.dup2(log, output)
            os.close(log)
            return sandbox([*arguments, "--report", str(report)])
        for descriptor in descriptors:
            os.close(descriptor)
        os.waitpid(child, 0)
        control.send(b"1")


if __name__ == "__main__":
    sys.exit(main(socket.socket(fileno=int(sys.argv[1]))))
