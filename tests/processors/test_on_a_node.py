"""The same repositories, added and run by commands on an own node, with files of a dataset."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.domain.input_layout import NO_FILES_AT_TOP
from tests.cli.conftest import repository
from tests.cli.following import imported
from tests.cli.harness import Agent, Result
from tests.domain.receipt.examples import RECORDS
from tests.prepared import Prepared
from tests.processors.bases import base_image, make_humanize
from tests.processors.test_repositories import REPOSITORIES

pytestmark = pytest.mark.slow
DATASET = "Scans"
NAMES = (
    *("links-input", "remakes-output", "requirements-below", "new-manifest"),
    *("asks-pennsieve", "asks-too"),
)
NESTED = {"raw/a/1.nii": "one", "raw/b/2.nii": "three", "other/c.txt": "not chosen"}


class Bench:
    """A sandbox with a node, and a person at a terminal."""

    def __init__(self, root: Path, engine: str, prepared: Prepared) -> None:
        self.root, self.engine = root, engine
        self.data = root / "box" / "datasets" / DATASET
        for name, text in NESTED.items():
            (self.data / name).parent.mkdir(parents=True, exist_ok=True)
            (self.data / name).write_text(text)
        (self.data.parent / "Mine alone").mkdir()
        self.box = prepared.into(root / "box")
        self.box.start_detached(0, engine)
        self.agent = Agent({**self.box.environment(), "HOME": str(root)})

    def typed(self, *words: str) -> Result:
        result = self.agent(*words)
        assert result.code == 0, result.err
        return result

    def add(self, name: str, *words: str, again: str = "") -> Result:
        """Add a repository without a tag as a workflow, and grant it the dataset."""
        files = contents(REPOSITORIES / name)
        if self.engine == "docker":
            first, _, rest = files["Dockerfile"].partition("\n")
            files["Dockerfile"] = f"FROM {base_image(first.removeprefix('FROM '))}\n{rest}"
        name = again or name
        code = repository(self.root / name, files, tag=None)
        added = self.typed("workflow", "add", str(code), "--name", name, *words)
        self.typed("dataset", "grant", name, "--dataset", DATASET)
        return added

    def run(self, workflow: str, name: str, *words: str) -> Result:
        chosen = ("--workflow", workflow, "--dataset", DATASET, "--name", name)
        return self.agent("run", "start", *chosen, "--wait", *words)

    def results(self, name: str) -> dict[str, str]:
        folder = self.data / "results" / name
        # Pennsieve imports what was uploaded a moment after the run, each file by itself.
        shown = json.loads(self.typed("run", "show", name, "--outputs", "--json").out)
        for file in shown["files"]:
            imported(self.data / file["path"])
        files = contents(folder)
        for own in RECORDS:
            del files[own]
        return {path: text.strip() for path, text in files.items()}


def contents(folder: Path) -> dict[str, str]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def bench(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepared: Prepared,
) -> Iterator[Bench]:
    (tmp_path / "wheels").mkdir()
    make_humanize(tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    made = Bench(tmp_path, request.param, prepared)
    yield made
    made.box.stop()
    for name in NAMES if made.engine == "docker" else ():
        listed = ["docker", "image", "ls", "--quiet", f"pennsieve/{name}"]
        images = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
        if images:
            subprocess.run(["docker", "image", "rm", "--force", *set(images)], check=False)


CHOSEN = ("--files", "raw/**/*.nii")


def test_processors_run_unmodified_on_a_node(bench: Bench) -> None:
    bench.typed("login")
    bench.add("links-input")
    bench.add("remakes-output")
    bench.add("requirements-below", "--layout", "flat")
    noted = bench.add("new-manifest")
    assert "12288" in noted.err

    linked = bench.run("links-input", "linked", *CHOSEN, "--layout", "flat", "--param", "SCALE=3")
    assert linked.code == 0, linked.err
    assert "no step declares parameter 'SCALE'" in linked.err
    assert bench.results("linked") == {
        "1.nii": "one",
        "2.nii": "three",
        "scale.txt": "scale is 3",
    }

    nested = bench.run("remakes-output", "nested", *CHOSEN)
    assert nested.code == 3
    assert NO_FILES_AT_TOP in bench.typed("run", "show", "nested", "--json").out
    flat = bench.run("remakes-output", "flat", *CHOSEN, "--layout", "flat")
    assert flat.code == 0, flat.err
    assert bench.results("flat") == {"1.nii.size": "3", "2.nii.size": "5"}
    shared = bench.run("remakes-output", "shared", "--files", "raw/a/*.nii")
    assert shared.code == 0, shared.err
    assert bench.results("shared") == {"1.nii.size": "3"}

    total = bench.run("requirements-below", "total", *CHOSEN)
    assert total.code == 0, total.err
    assert bench.results("total") == {"total.txt": "8 Bytes"}

    assert bench.run("new-manifest", "none", *CHOSEN).code == 2
    done = bench.run("new-manifest", "done", *CHOSEN, "--param", "METHOD=simple")
    assert done.code == 0, done.err
    assert bench.results("done") == {"p.txt": "5.5 simple"}
    asks_as_the_workflows_own_user(bench)


def asks_as_the_workflows_own_user(bench: Bench) -> None:
    """Without its right it is told what is missing; with it, it sees what was granted alone."""
    bench.add("asks-pennsieve")
    without = bench.run("asks-pennsieve", "without", *CHOSEN)
    assert without.code == 3
    assert "no SESSION_TOKEN" in bench.typed("run", "logs", "without").out
    bench.add("asks-pennsieve", "--needs-pennsieve", again="asks-too")
    asked = bench.run("asks-too", "asked", *CHOSEN)
    assert asked.code == 0, asked.err
    seen = json.loads(bench.results("asked")["seen.json"])
    assert seen["datasets"] == [DATASET], "not the owner's other dataset"
    me = json.loads(bench.typed("whoami", "--json").out)["user"]["id"]
    assert seen["user"] != me
