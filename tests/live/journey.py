"""The six lines of the README, typed as commands."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.live.integration import CONTENT
from tests.live.steps import Report, StepError, say

TAG = ("tag", "v1.0.0")
DOCKERFILE = """\
FROM python:3.11-slim
COPY main.py /app/main.py
ENTRYPOINT ["python", "/app/main.py"]
"""
MAIN = """\
import os, pathlib
source, target = (pathlib.Path(os.environ[name]) for name in ("INPUT_DIR", "OUTPUT_DIR"))
for path in sorted(p for p in source.rglob("*") if p.is_file()):
    print("counting", path.name, flush=True)
    (target / f"{path.stem}.lines").write_text(f"{len(path.read_text().splitlines())}\\n")
"""


def journey(report: Report, tag: str, repository: str, more: tuple[str, ...]) -> None:
    """The six lines of the README, and what is made by them removed again."""
    name = f"live-{tag}"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = folder / "rates.csv"
        file.write_bytes(CONTENT)
        code = repository or str(_repository(folder / name))

        def typed(*words: str) -> None:
            report.step(f"pennsieve {shlex.join(words)}", lambda: _type(words))

        def afterwards(*words: str) -> None:
            stack.callback(report.last, f"pennsieve {shlex.join(words)}", lambda: _type(words))

        typed("login")
        afterwards("dataset", "delete", name, "--yes")
        typed("dataset", "create", name)
        typed("dataset", "upload", name, str(file))
        afterwards("compute", "delete", name, "--yes", *more)
        typed("compute", "register", "--name", name, "--yes", *more)
        typed("compute", "doctor", name, "--run", "--yes", *more)
        afterwards("workflow", "archive", name, "--delete", "--yes")
        typed("workflow", "add", code, "--name", name)
        typed("dataset", "grant", name, "--dataset", name, "--access", "read-write")
        typed(
            "run",
            "start",
            "--all",
            "--workflow",
            name,
            "--dataset",
            name,
            "--node",
            name,
            "--name",
            name,
        )
        typed("run", "logs", name, "--follow")
        typed("run", "download", name, "--to", str(folder / "results"))
        report.step("the results are right", lambda: _right(folder / "results"))


def _right(results: Path) -> None:
    (made,) = results.rglob("rates.lines")
    if made.read_text() != "3\n":
        raise StepError("the count of lines is wrong")


def _type(words: tuple[str, ...]) -> None:
    say(f"$ pennsieve {shlex.join(words)}")
    done = subprocess.run([sys.executable, "-m", "pennsieve_agent", *words], check=False)
    if done.returncode:
        raise StepError(f"exit code {done.returncode}")


def _repository(folder: Path) -> Path:
    """Code of our own, with a version tag, for who names none."""
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "main.py").write_text(MAIN)
    who = ("-c", "user.name=live", "-c", "user.email=live@example.invalid")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "count"), TAG):
        subprocess.run(["git", "-C", str(folder), *who, *words], check=True)
    return folder
