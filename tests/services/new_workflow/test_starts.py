"""Each start: what is in it, and what is read from a script for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pennsieve_agent.check.run_rules import check
from pennsieve_agent.check.sources import Language
from pennsieve_agent.domain.code_findings import Level
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.new_workflow.own_script import yaml_of
from pennsieve_agent.services.new_workflow.plan import (
    Facts,
    Licence,
    Start,
    Wish,
    plan,
    with_files,
)
from tests.bids import faults_of
from tests.check.snapshots import Repo

FACTS = Facts("Ada", 2026, "pennsieve-agent-cli")
R = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
WISHES = {
    "python": Wish(),
    "r": Wish(language=Language.R),
    "bids": Wish(is_bids=True),
    "apache": Wish(licence=Licence.APACHE),
}


def start(files: dict[str, str] | None = None, wish: Wish | None = None) -> Start:
    return plan(Repo(files or {}).snapshot(), wish or Wish(), FACTS)


def entry_point(begun: Start) -> list[str]:
    (line,) = [x for x in begun.files["Dockerfile"].splitlines() if x.startswith("ENTRYPOINT ")]
    words: list[str] = json.loads(line.removeprefix("ENTRYPOINT "))
    return words


def written(begun: Start, folder: Path) -> Path:
    for path, text in begun.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.mark.parametrize("kind", WISHES)
def test_a_start_breaks_no_rule(kind: str) -> None:
    begun = start(wish=WISHES[kind])
    assert check(with_files(Repo({}).snapshot(), begun.files)) == []
    assert "@" not in "".join(begun.files.values()).replace("actions/", "").replace("@v", "")
    assert yaml.safe_load(begun.files["app.yml"])["name"] == "spike-rate"
    (workflow,) = [path for path in begun.files if path.startswith(".github/")]
    assert yaml.safe_load(begun.files[workflow])["jobs"]


@pytest.mark.parametrize("kind", ["python", "bids", pytest.param("r", marks=R)])
def test_its_own_test_passes(kind: str, tmp_path: Path) -> None:
    folder = written(start(wish=WISHES[kind]), tmp_path / "begun")
    words = ["Rscript", "test_main.R"] if kind == "r" else [sys.executable, "-m", "unittest"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_a_bids_app_makes_is_a_bids_derivative(tmp_path: Path) -> None:
    folder = written(start(wish=WISHES["bids"]), tmp_path / "begun")
    for level in ("participant", "group"):
        words = [sys.executable, "run.py", "data/input", str(tmp_path / "out"), level]
        subprocess.run(words, cwd=folder, capture_output=True, check=True)
    assert faults_of(folder / "data/input") == []
    assert faults_of(tmp_path / "out") == []


@pytest.mark.parametrize("kind", ["python", "bids"])
def test_its_python_is_clean(kind: str, tmp_path: Path) -> None:
    folder = written(start(wish=WISHES[kind]), tmp_path / "begun")
    ruff = [sys.executable, "-m", "ruff"]
    for words in (["format", "--check", "--line-length", "100"], ["check"]):
        command = [*ruff, *words, "--isolated", "--no-cache", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


SCRIPTS = {
    "variables": ('import os\nos.walk(os.environ["INPUT_DIR"])\nos.environ["OUTPUT_DIR"]\n', ""),
    "argv": ("import sys\nsource, target = sys.argv[1:]\n", '"$INPUT_DIR" "$OUTPUT_DIR"'),
    "argv as paths": (
        "import sys\nfrom pathlib import Path\nx, y = (Path(w) for w in sys.argv[1:3])\n",
        '"$INPUT_DIR" "$OUTPUT_DIR"',
    ),
    "argv by number": (
        "import sys\nprint(sys.argv[1], sys.argv[2])\n",
        '"$INPUT_DIR" "$OUTPUT_DIR"',
    ),
    "argparse": (
        (
            "import argparse\np = argparse.ArgumentParser()\n"
            'p.add_argument("-i", "--in-dir")\np.add_argument("--output")\np.add_argument("--x")\n'
        ),
        '--in-dir "$INPUT_DIR" --output "$OUTPUT_DIR"',
    ),
    "turned": (
        (
            "import argparse\np = argparse.ArgumentParser()\n"
            'p.add_argument("out_dir")\np.add_argument("in_dir")\n'
        ),
        '"$OUTPUT_DIR" "$INPUT_DIR"',
    ),
    "click": (
        (
            'import click\n@click.command()\n@click.argument("source")\n@click.argument("target")\n'
            "def main(source, target): ...\n"
        ),
        '"$INPUT_DIR" "$OUTPUT_DIR"',
    ),
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_script_is_given_its_folders_as_it_takes_them(kind: str) -> None:
    text, words = SCRIPTS[kind]
    begun = start({"count.py": text})
    place = "/app/count.py"
    expected = ["sh", "-c", f"exec python {place} {words}"] if words else ["python", place]
    assert entry_point(begun) == expected
    assert begun.script is not None
    assert not begun.script.is_open
    everything = with_files(Repo({"count.py": text}).snapshot(), begun.files)
    assert [f for f in check(everything) if f.rule.level is not Level.NOTE] == []


def test_what_a_script_takes_its_folders_from_may_be_unknown() -> None:
    three = "import argparse\np = argparse.ArgumentParser()\n" + "".join(
        f'p.add_argument("{name}")\n' for name in ("a", "b", "c")
    )
    for text in ("print(1)\n", three):
        begun = start({"count.py": text})
        assert begun.script is not None
        assert begun.script.is_open
        assert entry_point(begun) == ["python", "/app/count.py"]


def test_a_script_in_r() -> None:
    text = (
        "library(ggplot2)\nsuppressMessages(require('dplyr'))\nx <- stats::sd(1)\n"
        "args <- commandArgs(trailingOnly = TRUE)\nfiles <- list.files(args[1], recursive=TRUE)\n"
        'top <- Sys.getenv("TOP", unset = "3")\nwriteLines(files, file.path(args[[2]], "x"))\n'
    )
    begun = start({"count.R": text})
    folders = '"$INPUT_DIR" "$OUTPUT_DIR"'
    assert entry_point(begun) == ["sh", "-c", f"exec Rscript /app/count.R {folders}"]
    assert "RUN install2.r --error dplyr ggplot2\n" in begun.files["Dockerfile"]
    assert yaml.safe_load(begun.files["app.yml"])["parameters"] == [
        {"name": "TOP", "type": "number", "default": 3}
    ]


def test_parameters_secrets_and_packages_of_a_script() -> None:
    main = (
        "import os, cv2, helpers\nfrom sklearn.svm import SVC\nimport numpy.linalg\n"
        'os.environ["INPUT_DIR"], os.environ["OUTPUT_DIR"]\nMODE = os.environ["MODE"]\n'
        'a = os.getenv("FAST", "true")\nb = os.environ.get("NOTE")\nc = os.environ["API_TOKEN"]\n'
    )
    more = (
        'import os\nSCALE = float(os.environ.get("SCALE", 2.5))\nNAME = os.getenv("NAME", "a: b")'
    )
    begun = start({"analyse.py": main, "helpers.py": more})
    assert begun.packages == ("numpy", "opencv-python-headless", "scikit-learn")
    assert begun.files["requirements.txt"].endswith(
        "\nnumpy\nopencv-python-headless\nscikit-learn\n"
    )
    assert begun.settings.secrets == ("API_TOKEN",)
    assert yaml.safe_load(begun.files["app.yml"])["parameters"] == [
        {"name": "MODE", "type": "string", "required": True},
        {"name": "FAST", "type": "boolean", "default": True},
        {"name": "NOTE", "type": "string"},
        {"name": "SCALE", "type": "number", "default": 2.5},
        {"name": "NAME", "type": "string", "default": "a: b"},
    ]
    assert yaml_of(()) == ""


def test_files_that_are_there_stay() -> None:
    files = {
        "count.py": "print(1)\n",
        "requirements.txt": "numpy==2.1.3\n",
        "LICENSE.md": "mine",
        "application.json": '{"name": "counting"}',
        "test-data/a.csv": "1",
    }
    begun = start(files)
    assert begun.left == ("LICENSE", "app.yml", "requirements.txt")
    assert begun.name == "counting"
    assert begun.has_test_data
    assert not {"LICENSE", "app.yml", "requirements.txt", "main.py"} & begun.files.keys()
    built = start({"Dockerfile": "FROM debian:12\n", "run.sh": "true"})
    assert {"Dockerfile", "requirements.txt", "main.py"} & built.files.keys() == set()
    assert "README.md" in built.files


@pytest.mark.parametrize(
    ("files", "wish", "said"),
    [
        ({"a.py": "", "b.R": ""}, Wish(), "there are several scripts: a.py, b.R"),
        ({"src/a.py": ""}, Wish(), "the only scripts are in folders below: src/a.py"),
        ({"a.py": ""}, Wish(script="b.py"), "there is no script b.py"),
        ({"a.sh": ""}, Wish(script="a.sh"), "a.sh is not a script in Python or R"),
        ({"a.py": "print 1"}, Wish(), "a.py cannot be read as Python"),
        ({"a.py": b"\0\0"}, Wish(script="a.py"), "a.py cannot be read as Python"),
        ({"a.py": ""}, Wish(language=Language.R, script="a.py"), "a.py is in Python"),
        ({}, Wish(is_bids=True, language=Language.R), "--bids writes a program in Python"),
        ({"a.py": ""}, Wish(is_bids=True, script="a.py"), "--bids and --script cannot be"),
    ],
)
def test_what_does_not_go_together(files: dict[str, str], wish: Wish, said: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        start(files, wish)
    assert said in caught.value.message
    assert caught.value.hint


def test_the_script_of_several() -> None:
    main = {"main.py": "print(1)", "plot.py": "print(2)", "test_main.py": "import main"}
    used = {"plot.py": "print(2)", "study.py": "import plot"}
    for files, wish, path in (
        (main, Wish(), "main.py"),
        (main, Wish(script="./plot.py"), "plot.py"),
        (used, Wish(), "study.py"),
        ({"a.py": "", "b.R": "x <- 1"}, Wish(language=Language.R), "b.R"),
    ):
        begun = start(files, wish)
        assert begun.script is not None
        assert begun.script.path == path
