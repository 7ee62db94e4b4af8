"""Each example, as a repository with a version, passes ``workflow check`` and ``workflow test``."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from tests.bids import faults_of
from tests.cli.conftest import git
from tests.cli.harness import Agent
from tests.engine.images import python_image
from tests.examples.r_image import r_image
from tests.examples.real_files import CT, MR, place
from tests.examples.running import EXAMPLES

R = pytest.mark.skipif(
    shutil.which("Rscript") is None and not os.environ.get("REQUIRE_R"),
    reason="R is not installed",
)
RESULTS = {
    "bids-protocol": "sub-03/sub-03_desc-protocol_scans.tsv",
    "dicom-deid": f"deidentified/scans/{CT}",
    "dicom-inventory": "inventory.csv",
    "edf-summary": "ecg.edf.svg",
    "summary-r": "summary.csv",
}
"""A result of each."""
NAMES = [pytest.param(name, marks=R) if name == "summary-r" else name for name in RESULTS]


@pytest.fixture
def agent(clean_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    """Nobody is signed in; pip has one package, made of what is installed here."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return Agent({"HOME": str(clean_machine), "PATH": os.environ["PATH"]})


def copied(name: str, folder: Path) -> Path:
    """The example as a repository of its own, with a version."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(EXAMPLES / name, folder / name, ignore=ignored)
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "first")):
        git(folder / name, *words)
    git(folder / name, "tag", "v1.0.0")
    return folder / name


def make_wheel(distribution: str, folder: Path) -> None:
    """The wheel of a package that is installed here, without the data of its tests."""
    installed = importlib.metadata.distribution(distribution)
    folder.mkdir()
    name = f"{distribution}-{installed.version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for file in installed.files or ():
            is_part = not {"..", "__pycache__", "test_files"} & set(file.parts)
            if is_part and file.name != "INSTALLER":
                wheel.write(str(file.locate()), file.as_posix())


def inputs(name: str, folder: Path) -> tuple[str, ...]:
    """The test data is the repository's own but for images, which pydicom brings."""
    if not name.startswith("dicom-"):
        return ()
    place(folder / "images" / "scans", CT)
    place(folder / "images", MR)
    return ("--input", str(folder / "images"))


@pytest.mark.parametrize("name", list(RESULTS))
def test_it_breaks_no_rule(agent: Agent, tmp_path: Path, name: str) -> None:
    result = agent("workflow", "check", str(copied(name, tmp_path)), "--json")
    # Who copies an example chooses its licence.
    rules = {finding["rule"] for finding in result.document["findings"]}
    assert (result.code, rules) == (0, {"licence-missing"})


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_as_a_process(agent: Agent, tmp_path: Path, name: str) -> None:
    make_wheel("pydicom", tmp_path / "wheels")
    words = ("--engine", "process", *inputs(name, tmp_path))
    result = agent("workflow", "test", str(copied(name, tmp_path)), "--json", *words)
    assert result.code == 0, result.err
    assert RESULTS[name] in [file["path"] for file in result.document["files"]]


def test_what_the_bids_app_makes_is_a_bids_derivative(tmp_path: Path) -> None:
    for level in ("participant", "group"):
        words = [sys.executable, "run.py", "data/input", str(tmp_path / "out"), level]
        subprocess.run(words, cwd=EXAMPLES / "bids-protocol", capture_output=True, check=True)
    assert faults_of(tmp_path / "out") == []


@pytest.mark.docker
@pytest.mark.parametrize("name", [n for n in NAMES if not str(n).startswith("dicom-")])
def test_it_runs_in_a_container(agent: Agent, tmp_path: Path, name: str) -> None:
    code = copied(name, tmp_path)
    base = r_image() if name == "summary-r" else python_image()
    text, count = re.subn(r"(?m)^FROM .*$", f"FROM {base}", (code / "Dockerfile").read_text())
    assert count == 1
    (code / "Dockerfile").write_text(text)
    result = agent("workflow", "test", str(code), "--json", "--engine", "docker")
    assert result.code == 0, result.err
    assert RESULTS[name] in [file["path"] for file in result.document["files"]]


def diamond(folder: Path) -> Path:
    """The file of the example, whose code is a repository with a version."""
    code = copied("diamond/table", folder)
    text = (EXAMPLES / "diamond" / "workflow.yaml").read_text()
    (folder / "diamond" / "workflow.yaml").write_text(text)
    assert code == folder / "diamond" / "table"
    return folder / "diamond" / "workflow.yaml"


def test_the_code_of_the_diamond_breaks_no_rule(agent: Agent, tmp_path: Path) -> None:
    code = diamond(tmp_path).parent / "table"
    result = agent("workflow", "check", str(code), "--json")
    rules = {finding["rule"] for finding in result.document["findings"]}
    assert (result.code, rules) == (0, {"licence-missing"})


def test_the_diamond_runs_as_processes(agent: Agent, tmp_path: Path) -> None:
    file = diamond(tmp_path)
    to = ("--to", str(tmp_path / "results"))
    result = agent("workflow", "test", str(file), "--json", "--engine", "process", *to)
    assert result.code == 0, result.err
    assert [row["path"] for row in result.document["files"]] == ["report.csv"]
    assert (tmp_path / "results" / "report.csv").read_text().splitlines() == [
        "table,column,mean,sd",
        "reaction,milliseconds,313.75,18.226",
        "reaction,trial,3,1.58114",
    ]
    one = agent("workflow", "test", str(file), "--json", "--engine", "process", "--step", "clean")
    assert [row["path"] for row in one.document["files"]] == ["reaction.csv"]
    wrong = agent("workflow", "test", str(file), "--engine", "process", "--step", "cleen")
    assert (wrong.code, "clean" in wrong.err) == (2, True)
