# ruff: noqa: ANN001, ANN201, PLC0415, T201
# mypy: ignore-errors
"""A malicious processor: tries what it must not be able to, and reports what it could.

It plays a stranger's code: the step of a workflow, with the standard library alone. Each attempt
ends in the report as the text of what it got, or as "no: " and why not.
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import urllib.error
import urllib.request

SOURCE = pathlib.Path(os.environ["INPUT_DIR"])
TARGET = pathlib.Path(os.environ["OUTPUT_DIR"])
MARK = os.environ["MARK"]
LIMIT = 20_000
TRIES = {}


def attempt(function):
    TRIES[function.__name__] = function
    return function


@attempt
def other_runs():
    """Read another run's files: everything around the own folders, by any way up."""
    tops = {
        SOURCE.parent.parent.parent.parent,
        pathlib.Path("/mnt"),
        pathlib.Path("/proc/1/root/mnt"),
    }
    seen = 0
    for top in tops:
        for folder, _, names in os.walk(top):
            for name in names:
                seen += 1
                if seen > LIMIT:
                    return "no: looked at many files"
                with contextlib.suppress(OSError, UnicodeDecodeError):
                    path = pathlib.Path(folder, name)
                    if (
                        path.is_file()
                        and path.stat().st_size < 1000
                        and "VICTIM" in path.read_text()
                    ):
                        return f"read {path}"
    return f"no: {seen} files and none of another run"


@attempt
def metadata():
    """Ask the machine's metadata service for its role's credentials."""
    for address in ("169.254.169.254", "169.254.170.2"):
        with contextlib.suppress(OSError):
            socket.create_connection((address, 80), timeout=1).close()
            return f"reached {address}"
    return "no: nothing answers"


@attempt
def tokens():
    """Find anybody's token or key in the environment, or in that of another process."""
    words = ("TOKEN", "KEY", "SECRET", "CREDENTIALS")
    found = {n for n in os.environ if any(word in n for word in words)}
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        if int(path.parent.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            text = path.read_bytes().decode(errors="replace")
            found |= {
                w.split("=")[0] for w in text.split("\0") if "_TOKEN=" in w or "API_SECRET=" in w
            }
    return f"found {sorted(found)}" if found else "no: there is none"


@attempt
def platform():
    """Ask Pennsieve for the person who started the run, without any credentials."""
    try:
        address = os.environ["PENNSIEVE_API_HOST"] + "/user"
        with urllib.request.urlopen(address, timeout=3) as answer:  # noqa: S310
            return f"read {answer.read(100)!r}"
    except urllib.error.HTTPError as error:
        return f"no: {error.code}"
    except OSError as error:
        return f"no: {type(error).__name__}"


@attempt
def write_input():
    """Change what it was given."""
    next(SOURCE.rglob("a.txt")).write_text("changed")
    return "changed"


@attempt
def leave_link():
    """Leave a link by which whoever reads the output next reads something else."""
    (TARGET / "link").symlink_to("/etc/passwd")
    (TARGET / "link").unlink()  # the run of its own tests that such an output is refused
    return "made and removed"


@attempt
def leave_process():
    """Leave a process behind that outlives the step."""
    code = f"import time\n# {MARK}\nwhile True: time.sleep(1)"
    subprocess.Popen(
        [sys.executable, "-c", code],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return "started"


@attempt
def become_root():
    """Mount something, which only an unrestricted root may."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", str(TARGET).encode(), b"tmpfs", 0, None) == 0:
        libc.umount(str(TARGET).encode())
        return "mounted"
    return f"no: {os.strerror(ctypes.get_errno())}"


def main():
    print("the secret is", os.environ.get("HUSH", "not there"))
    report = {}
    for name, function in TRIES.items():
        try:
            report[name] = function()
        except Exception as error:  # noqa: BLE001
            report[name] = f"no: {type(error).__name__}: {error}"
    (TARGET / "report.json").write_text(json.dumps(report))
    print("report", json.dumps(report))


main()
