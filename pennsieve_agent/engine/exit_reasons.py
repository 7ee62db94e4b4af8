"""Exit codes and signals in words."""

from __future__ import annotations

import signal

ENGINE_FAILED = 125
"""The exit code of a job that failed before, after or beside its program (docker's convention)."""

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
"""What AWS says of a container that took more memory than it has (Amazon ECS, "Stopped task error
codes": https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html).
"""

_CODES = {
    ENGINE_FAILED: "it could not be started (exit code 125)",
    126: "its command cannot be executed (exit code 126): not marked as executable, or made for "
    "another kind of processor",
    127: "its command, or one it calls, was not found (exit code 127)",
}
_SIGNALS = {
    "SIGKILL": "killed (SIGKILL), often because memory ran out",
    "SIGSEGV": "crashed (SIGSEGV)",
    "SIGABRT": "aborted (SIGABRT)",
    "SIGBUS": "crashed (SIGBUS)",
    "SIGILL": "crashed: illegal instruction (SIGILL)",
    "SIGFPE": "crashed: arithmetic error (SIGFPE)",
    "SIGTERM": "ended by a request to stop (SIGTERM)",
}


def describe_exit(code: int) -> str:
    """What an exit code says, as a phrase. Above 128 is a signal; 0 has nothing to say."""
    if code == 0:
        return ""
    if code in _CODES:
        return _CODES[code]
    try:
        name = signal.Signals(code - 128).name
    except ValueError:
        return f"it ended with exit code {code}"
    return _SIGNALS.get(name, f"ended by signal {name}")
