"""Why something ended, in words."""

from __future__ import annotations

import errno
import os
import signal

ENGINE_FAILED = 125
"""The exit code of a job that failed before, after or beside its program (docker's convention)."""

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
_FAULTS = {
    errno.ENOSPC: "no space left on device",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file is too large",
    errno.EROFS: "the disk is read-only",
    errno.EMFILE: "too many open files",
    errno.EIO: "the disk cannot be read or written",
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


def describe_fault(error: OSError, while_doing: str) -> str:
    """What the operating system refused, such as "no space left on device while staging input"."""
    number = error.errno if error.errno is not None else 0
    words = _FAULTS.get(number) or (error.strerror or str(error) or type(error).__name__).lower()
    where = error.filename if number not in _FAULTS else None
    return f"{words} while {while_doing}" + (f": {_shown(where)}" if where else "")


def _shown(name: object) -> str:
    text = os.fsdecode(name) if isinstance(name, bytes) else str(name)
    return text.encode("utf-8", "replace").decode()
