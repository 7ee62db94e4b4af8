"""The wheel: what it imports is declared, and its core runs without the sandbox."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

import pennsieve_agent
from pennsieve_agent.cli.extras import install_command
from tests.benchmarks.startup import commands

PACKAGE = Path(pennsieve_agent.__file__).parent
TESTS = Path(__file__).parent
PROJECT = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SANDBOX = ("sandbox", "contract")
MISSING = ("joserfc", "moto", "werkzeug")
NAME = re.compile(r"[A-Za-z0-9._-]+")
CHILD = """
import contextlib, importlib.abc, io, json, os, sys
root, missing, lines = json.loads(sys.argv[1])
sys.path.insert(0, root)

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refuse())
import pennsieve_agent
assert pennsieve_agent.__file__.startswith(root), pennsieve_agent.__file__
from pennsieve_agent.__main__ import main
report = []
for line in lines:
    sys.argv = ["pennsieve", *line]
    code, out = 0, io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    report.append([code, out.getvalue()])
print(json.dumps(report))
"""


def declared(*extras: str) -> set[str]:
    """The distributions that an install with these extras asks for, in lower case."""
    rows: list[str] = [*PROJECT["dependencies"]]
    waiting, optional = list(extras), PROJECT["optional-dependencies"]
    while waiting:
        for row in optional[waiting.pop()]:
            if row.startswith(PROJECT["name"]):
                waiting += re.findall(r"\w+", row.partition("[")[2])
            else:
                rows.append(row)
    return {found[0].lower() for row in rows if (found := NAME.match(row))}


def imported(root: Path) -> Iterator[tuple[Path, str]]:
    """Each file below a folder, and the first name of each module that it imports."""
    for path in sorted(root.rglob("*.py")):
        if "repositories" in path.parts:
            continue  # as somebody else wrote them
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, node.module.partition(".")[0]


def undeclared(root: Path, skipped: tuple[str, ...], *extras: str) -> set[str]:
    """Imports of distributions that these extras do not name."""
    known, own = declared(*extras), {"pennsieve_agent", "tests", "_typeshed", "__future__"}
    distributions = importlib.metadata.packages_distributions()
    return {
        f"{path.relative_to(root)}: {name}"
        for path, name in imported(root)
        if path.relative_to(root).parts[0] not in skipped
        and name not in sys.stdlib_module_names | own
        and not known & {each.lower() for each in distributions.get(name, [name])}
    }


def test_what_the_core_imports_is_declared() -> None:
    assert undeclared(PACKAGE, SANDBOX) == set()


@pytest.mark.parametrize("part", SANDBOX)
def test_what_the_sandbox_imports_is_declared(part: str) -> None:
    assert undeclared(PACKAGE / part, (), "sandbox") == set()
    assert any("moto" in row for row in undeclared(PACKAGE / "sandbox", ()))


def test_what_the_tests_import_is_declared() -> None:
    # A processor's own repository is built with pip, which each environment has.
    rows = undeclared(TESTS, (), "dev")
    assert {row for row in rows if not row.endswith(": pip")} == set()


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package without what belongs to the sandbox."""
    root = tmp_path_factory.mktemp("core")

    def left_out(folder: str, names: list[str]) -> set[str]:
        # Not ``cli/sandbox``, which belongs to the core.
        return {"__pycache__", *(SANDBOX if Path(folder) == PACKAGE else ())} & {*names}

    shutil.copytree(PACKAGE, root / PACKAGE.name, ignore=left_out)
    assert not any((root / PACKAGE.name / part).exists() for part in SANDBOX)
    return root


def run(core: Path, lines: list[list[str]]) -> list[tuple[int, str]]:
    """Run command lines with the copy alone: exit code, and all that was written."""
    home = core / "home"
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps([str(core), MISSING, lines])],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=home,
        env={**kept, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"},
    )
    assert done.returncode == 0, done.stderr
    report: list[list[Any]] = json.loads(done.stdout)
    return [(code, text) for code, text in report]


def test_templates_are_in_the_wheel() -> None:
    """Nothing that is left out of the wheel, or out of git, fits their names."""
    project = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"]
    ignored = (TESTS.parent / ".gitignore").read_text(encoding="utf-8").split()
    files = list((PACKAGE / "services/new_workflow/templates").rglob("*.in"))
    assert len(files) > 30
    for path in files:
        parts = path.relative_to(PACKAGE).parts
        assert not [
            p for p in (*patterns, *ignored) if any(fnmatch(x, p.strip("/")) for x in parts)
        ]


def test_every_help_page_of_the_core_alone(core: Path) -> None:
    lines = [[*words, "--help"] for words in commands()]
    assert len(lines) > 20
    wrong = [
        (line, code, text[-300:])
        for line, (code, text) in zip(lines, run(core, lines), strict=True)
        if code or "Usage: pennsieve" not in text
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (["--version"], 0, "pennsieve"),
        (["whoami"], 4, "pennsieve login"),
        (["profile", "list"], 0, "sign in with"),
        (["compute", "policy", "installer"], 0, "cloudformation:CreateChangeSet"),
        (["workflow", "init", "study", "--bids", "--dry-run"], 0, ".github/workflows/check.yml"),
        (["run", "list"], 4, "pennsieve login"),
        (["run", "strat"], 2, "start"),
    ],
)
def test_commands_of_the_core_alone(core: Path, line: list[str], code: int, words: str) -> None:
    ((ended, text),) = run(core, [line])
    assert (ended, words in text) == (code, True), text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    "line",
    [
        *(["start"], ["stop"], ["status"], ["env"], ["use"], ["reset", "--yes"], ["check"]),
        ["user", "list"],
    ],
    ids=" ".join,
)
def test_commands_of_the_sandbox_say_what_to_install(core: Path, line: list[str]) -> None:
    ((code, text),) = run(core, [["sandbox", *line]])
    assert code == 2, text
    assert "the sandbox is not installed" in text
    assert re.search(r"install it with: .*pip install '.*\[sandbox\]'", text), text
    assert "Traceback" not in text


def test_the_first_step_that_the_core_suggests_needs_no_sandbox(core: Path) -> None:
    (code, page), (refused, told) = run(core, [["--help"], ["whoami"]])
    assert code == 0
    assert page.partition("First steps:")[2].split()[:2] == ["pennsieve", "login"]
    assert (refused, "sandbox" in told) == (4, False), told


ORIGIN = "https://example.org/lab/agent"


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ({"url": "file:///my%20code/agent", "dir_info": {}}, "'/my code/agent[sandbox]'"),
        ({"url": "file:///code", "dir_info": {"editable": True}}, "'/code[sandbox]'"),
        (
            {"url": ORIGIN, "vcs_info": {"vcs": "git", "commit_id": "44a9441"}},
            f"'pennsieve-agent-cli[sandbox] @ git+{ORIGIN}@44a9441'",
        ),
        (
            {"url": ORIGIN, "vcs_info": {"vcs": "git", "requested_revision": "v1"}},
            f"'pennsieve-agent-cli[sandbox] @ git+{ORIGIN}@v1'",
        ),
        (
            {"url": f"{ORIGIN}.whl", "archive_info": {}},
            f"'pennsieve-agent-cli[sandbox] @ {ORIGIN}.whl'",
        ),
    ],
    ids=["folder", "editable folder", "commit", "tag", "archive"],
)
def test_the_sandbox_is_installed_from_where_the_program_came(
    origin: dict[str, Any], source: str
) -> None:
    assert install_command(json.dumps(origin)).endswith(f"pip install {source}")


def test_without_an_origin_it_is_the_folder_or_the_name(tmp_path: Path) -> None:
    assert install_command(None, tmp_path).endswith("pip install 'pennsieve-agent-cli[sandbox]'")
    (tmp_path / "pyproject.toml").touch()
    assert install_command(None, tmp_path).endswith(f"pip install '{tmp_path}[sandbox]'")


@pytest.mark.parametrize("target", ["demo", "venv"])
def test_make_installs_with_options_that_pip_has(target: str, tmp_path: Path) -> None:
    fresh = ["make", "-n", "--no-print-directory", f"VENV={tmp_path / 'none'}", target]
    shown = subprocess.run(fresh, cwd=TESTS.parent, capture_output=True, text=True, check=True)
    (line,) = [each for each in shown.stdout.splitlines() if " -m pip " in each]
    # Options are read from left to right: a wrong one is refused before help is shown.
    command = [sys.executable, *shlex.split(line)[1:], "--help"]
    read = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
