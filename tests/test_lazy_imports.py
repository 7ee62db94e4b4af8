"""Help is instant: no command's help imports a library that only running a command needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.benchmarks.startup import commands

HEAVY = (
    *("boto3", "botocore", "docker", "git", "httpx", "keyring", "moto", "rich", "sqlite3"),
    *("werkzeug", "yaml"),
)
# Runs every command line it is given in one process, and prints what each of them imported.
CHILD = """
import contextlib, io, json, sys
heavy, lines = map(json.loads, sys.argv[1:])
from pennsieve_agent.__main__ import main
report, seen = [], set()
for line in lines:
    sys.argv = ["pennsieve", *line]
    code, out = 0, io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    new = sorted(set(heavy) & set(sys.modules) - seen)
    seen.update(new)
    report.append([" ".join(line), code, out.getvalue(), new])
print(json.dumps(report))
"""


def unmeasured() -> dict[str, str]:
    """This environment, without what makes a child measure its coverage, which imports a lot."""
    return {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}


def run_all(lines: list[list[str]]) -> list[tuple[str, int, str, list[str]]]:
    """Run command lines in one fresh process: line, exit code, output, heavy modules imported."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(HEAVY), json.dumps(lines)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=unmeasured(),
    )
    assert done.returncode == 0, done.stderr
    return [(line, code, out, new) for line, code, out, new in json.loads(done.stdout)]


def test_no_help_imports_what_only_running_needs() -> None:
    report = run_all([[*words, "--help"] for words in commands()])
    assert len(report) > 20
    assert [(line, code) for line, code, _, _ in report if code] == []
    assert [line for line, _, out, _ in report if "Usage: pennsieve" not in out] == []
    assert {line: new for line, _, _, new in report if new} == {}
    # What an option takes has a name of its own, not that of a type.
    assert [line for line, _, out, _ in report if re.search(r"<(str|int|float)\b", out)] == []


@pytest.mark.parametrize("line", [["--version"], ["run", "strat"], ["dataset", "list", "--nope"]])
def test_neither_does_the_version_nor_a_wrong_word(line: list[str]) -> None:
    ((_, _, _, new),) = run_all([line])
    assert new == []


def test_the_version_does_not_even_import_the_command_line() -> None:
    code = "import sys; from pennsieve_agent.__main__ import main; main(); "
    code += "sys.exit('typer' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"], check=False, timeout=60, env=unmeasured()
    )
    assert done.returncode == 0
