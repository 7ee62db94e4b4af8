"""``workflow init`` as typed; its result passes ``workflow check`` and ``workflow test``."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import faults
from pennsieve_agent.sandbox.host.control import Sandbox
from tests.cli.conftest import git
from tests.cli.following import imported
from tests.cli.harness import Agent, Result
from tests.examples.r_image import r_image
from tests.prepared import Prepared
from tests.processors.bases import pip_image

R = pytest.mark.skipif(
    shutil.which("Rscript") is None and not os.environ.get("REQUIRE_R"),
    reason="R is not installed",
)
KINDS = {
    "python": ((), "summary.csv"),
    "r": (("--language", "r"), "summary.csv"),
    "bids": (("--bids",), "dataset_description.json"),
}
SCRIPT = (
    "import sys\nfrom pathlib import Path\n"
    "source, target = map(Path, sys.argv[1:])\n"
    "for path in sorted(source.rglob('*.txt')):\n"
    "    words = len(path.read_text().split())\n"
    "    (target / f'{path.stem}.count').write_text(f'{words}\\n')\n"
)


@pytest.fixture
def here(clean_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands are typed."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    del clean_machine
    return folder


@pytest.fixture
def typist(here: Path, clean_machine: Path) -> Agent:
    """Somebody who is not signed in, in a folder of their own."""
    del here
    return Agent({"HOME": str(clean_machine), "PATH": os.environ["PATH"]})


def answered(result: Result) -> dict[str, Any]:
    assert result.code == 0, result.err
    document: dict[str, Any] = json.loads(result.out)
    assert list(faults("new_workflow", document, DOCUMENTS)) == []
    return document


def checked(agent: Agent, folder: str) -> list[str]:
    result = agent("workflow", "check", folder, "--json")
    assert result.code == 0, result.out
    return [finding["rule"] for finding in result.document["findings"]]


def results_of(agent: Agent, folder: str, *words: str) -> list[str]:
    result = agent("workflow", "test", folder, "--json", *words)
    assert result.code == 0, result.err
    return [file["path"] for file in result.document["files"]]


@pytest.mark.parametrize("kind", ["python", "bids", pytest.param("r", marks=R)])
def test_a_start_passes_check_and_test(typist: Agent, here: Path, kind: str) -> None:
    words, result = KINDS[kind]
    begun = answered(typist("workflow", "init", "my study", *words, "--json"))
    assert (begun["name"], begun["changed"], begun["tag"]) == ("my-study", True, "v0.1.0")
    assert begun["findings"] == begun["uncommitted"] == begun["left"] == []
    assert begun["next"][0] == "pennsieve workflow test 'my study'"
    status = subprocess.run(
        ["git", "status", "--short"], cwd=here / "my study", capture_output=True, check=True
    )
    assert status.stdout == b""
    assert checked(typist, "my study") == []
    assert result in results_of(typist, "my study", "--engine", "process")
    assert result in results_of(typist, "my study", "--engine", "process", "--ref", "v0.1.0")


@pytest.mark.docker
@pytest.mark.parametrize("kind", ["python", "bids", pytest.param("r", marks=R)])
def test_its_image_runs_as_another_user(typist: Agent, here: Path, kind: str) -> None:
    words, result = KINDS[kind]
    answered(typist("workflow", "init", "study", *words, "--json"))
    dockerfile = here / "study" / "Dockerfile"
    base = r_image() if kind == "r" else pip_image()
    text, count = re.subn(r"(?m)^FROM .*$", f"FROM {base}", dockerfile.read_text())
    assert count == 1
    dockerfile.write_text(text)
    assert result in results_of(typist, "study", "--engine", "docker")


def test_it_is_shown_at_80_columns_and_in_a_pipe(typist: Agent) -> None:
    shown = typist("workflow", "init", "study", terminal=True, width=80)
    assert shown.code == 0, shown.err
    assert all(len(line) <= 80 for line in (shown.out + shown.err).splitlines())
    assert "data/input                   test data: 2 files\n" in shown.out
    assert "next: pennsieve workflow test study\n" in shown.err
    again = typist("workflow", "init", "study")
    assert again.out == "Workflow 'study' in study has all of its files\n"
    assert "these files exist and are not changed: .dockerignore" in again.err
    assert answered(typist("workflow", "init", "study", "--json"))["changed"] is False


def test_a_dry_run_writes_nothing(typist: Agent, here: Path) -> None:
    plan = typist("workflow", "init", "study", "--dry-run")
    assert (plan.code, plan.out[:33]) == (0, "Would make workflow 'study' in st"), plan.err
    assert "tag v0.1.0" in plan.out
    assert "git repository" not in typist("workflow", "init", "x", "--dry-run", "--no-git").out
    document = answered(typist("workflow", "init", "study", "--dry-run", "--json"))
    assert "Dockerfile" in document["written"]
    assert document["changed"] is False
    assert list(here.iterdir()) == []


def test_a_script_is_taken_with_the_code_that_it_uses_alone(typist: Agent, here: Path) -> None:
    files = {"count.py": f"import words\n{SCRIPT}", "words.py": "x = 1\n", "patients.csv": "Ada\n"}
    for name, text in files.items():
        (here / name).write_text(text)
    begun = answered(typist("workflow", "init", "--json"))
    assert (begun["script"], begun["uncommitted"]) == ("count.py", ["patients.csv"])
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)
    assert {"count.py", "words.py", "Dockerfile"} <= set(listed.stdout.split())
    assert checked(typist, ".") == []
    (here / "data" / "input").mkdir(parents=True)
    (here / "data" / "input" / "a.txt").write_text("one two")
    assert results_of(typist, ".", "--engine", "process") == ["a.count"]
    assert {name: (here / name).read_text() for name in files} == files


def test_a_repository_that_is_there_is_left_to_its_owner(typist: Agent, here: Path) -> None:
    git(here, "init", "--quiet")
    (here / "count.py").write_text(SCRIPT)
    result = typist("workflow", "init")
    assert result.code == 0, result.err
    assert "commit them: git add .dockerignore .github .gitignore Dockerfile" in result.err
    assert "make a version: git tag v0.1.0" in result.err
    log = subprocess.run(["git", "log"], capture_output=True, check=False)
    assert log.returncode != 0, "nothing is committed"
    below = typist("workflow", "init", "sub/study")
    assert "warning: the folder is only a part of the repository" in below.err
    assert not (here / "sub" / "study" / ".git").exists()
    plain = answered(typist("workflow", "init", "../plain", "--no-git", "--json"))
    assert [finding["rule"] for finding in plain["findings"]] == ["git-none"]


def test_without_an_identity_it_says_how_to_tell_git(
    typist: Agent, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME"):
        monkeypatch.delenv(name)
    monkeypatch.delenv("GIT_COMMITTER_EMAIL")
    result = typist("workflow", "init", "study")
    assert result.code == 0, result.err
    assert "nothing was committed: git does not know who you are" in result.err
    assert "git config --global user.name NAME" in result.err
    assert "then: git -C study add . && git -C study commit -m first" in result.err
    assert "the authors of study" in (here / "study" / "LICENSE").read_text()


def test_without_git_the_files_are_written(typist: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    result = typist("workflow", "init", "study")
    assert result.code == 0, result.err
    assert "nothing was committed: git is not installed" in result.err


def test_nothing_is_written_over(typist: Agent, here: Path) -> None:
    (here / "Dockerfile").symlink_to("nowhere")
    (here / "README.md").write_text("mine")
    (here / ".gitignore").write_text("LICENSE\n")
    (here / "LICENSE").write_text("mine, too")
    git(here, "init", "--quiet")
    begun = answered(typist("workflow", "init", "--json"))
    assert set(begun["left"]) >= {"Dockerfile", "README.md", ".gitignore", "LICENSE"}
    assert (here / "Dockerfile").is_symlink()
    assert (here / "LICENSE").read_text() == "mine, too"
    (here / "other").mkdir()
    (here / "other" / ".github").write_text("a file")
    refused = typist("workflow", "init", "other")
    assert refused.code != 0
    assert ".github/workflows/check.yml cannot be written: " in refused.err


def test_what_is_typed_wrong(typist: Agent, here: Path, clean_machine: Path) -> None:
    (here / "file").write_text("x")
    for words, said in (
        (("file",), "is a file, not a folder"),
        ((str(clean_machine),), "has other files than those of a workflow"),
        (("/",), "has other files than those of a workflow"),
        (("x", "--language", "cobol"), "--language"),
        (("x", "--bids", "--language", "r"), "--bids writes a program in Python"),
        (("x", "--script", "a.py"), "there is no script a.py"),
    ):
        result = typist("workflow", "init", *words)
        assert (result.code, said in result.err) == (2, True), (words, result.err)
    assert [path.name for path in here.iterdir()] == ["file"]


def test_code_without_a_dockerfile_is_told_of_it(typist: Agent, here: Path) -> None:
    (here / "count.py").write_text(SCRIPT)
    for words in (("check", "."), ("test", ".", "--input", ".", "--engine", "process")):
        said = typist("workflow", *words)
        assert "pennsieve workflow init" in said.out + said.err, words


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Sandbox]:
    """A sandbox with a node, as these tests leave workflows on it."""
    data = tmp_path_factory.mktemp("box") / "sandbox"
    for name in ("a", "deep/b"):
        (data / "datasets" / "Notes" / name).parent.mkdir(parents=True, exist_ok=True)
        (data / "datasets" / "Notes" / f"{name}.txt").write_text("one two three")
    made = prepared.into(data)
    made.start_detached(0, "process")
    yield made
    made.stop()


@pytest.fixture
def owner(box: Sandbox, here: Path, clean_machine: Path) -> Agent:
    """Somebody who is signed in, and has a node."""
    del here
    return Agent({**box.environment(), "HOME": str(clean_machine)})


def test_four_commands_to_a_finished_run(owner: Agent, here: Path, box: Sandbox) -> None:
    """A folder with a script: begun, tried, registered, run."""
    data = here / "count-words" / "data" / "input"
    data.mkdir(parents=True)
    (data / "a.txt").write_text("one two")
    (here / "count-words" / "count.py").write_text(SCRIPT)
    for words in (
        ("workflow", "init", "count-words"),
        ("workflow", "test", "count-words", "--engine", "process"),
        ("workflow", "add", "count-words"),
        (
            *("run", "start", "--workflow", "count-words", "--dataset", "Notes", "--all"),
            *("--grant", "--wait", "--name", "counted"),
        ),
    ):
        done = owner(*words)
        assert done.code == 0, done.err
    results = box.data / "datasets" / "Notes" / "results" / "counted"
    assert imported(results / "a.count") == imported(results / "b.count") == "3\n"


def test_a_run_asks_before_it_grants(owner: Agent) -> None:
    assert owner("workflow", "init", "asked").code == 0
    assert owner("workflow", "add", "asked").code == 0
    start = ("run", "start", "--workflow", "asked", "--dataset", "Notes", "--all")
    piped = owner(*start)
    assert (piped.code, "or start it with --grant" in piped.err) == (4, True), piped.err
    refused = owner(*start, answers="n\n", terminal=True)
    assert "let it read and write the dataset [y/N]" in " ".join(refused.err.split())
    assert refused.code == piped.code
    planned = owner(*start, "--grant", "--dry-run")
    assert planned.code == piped.code, "a dry run grants nothing"
    agreed = owner(*start, answers="y\n", terminal=True)
    assert agreed.code == 0, agreed.err
    assert "Started run 'asked" in agreed.out
