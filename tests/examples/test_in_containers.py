"""The examples' own Dockerfiles, built and run by the real engine.

Only what comes from a registry is replaced: the base image by one made from this machine, and the
installation of pydicom by a copy of the package.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from pennsieve_agent.engine.backend import Outcome
from pennsieve_agent.engine.docker_backend import DockerBackend
from pennsieve_agent.engine.docker_daemon import connect
from tests.engine.images import python_image
from tests.engine.make import Lines, make_task
from tests.examples.r_image import r_image
from tests.examples.real_files import CT, MR, place
from tests.examples.running import EXAMPLES, table

pytestmark = pytest.mark.docker
NAME = f"example-test-{os.getpid()}"


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerBackend]:
    client: Any = connect({}, tmp_path_factory.mktemp("home"))
    yield DockerBackend(client, NAME, grace=0.5)
    label = f"label=io.pennsieve.agent.program={NAME}"
    listed = ["docker", "image", "ls", "-q", "--filter", label]
    made = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    if made:
        subprocess.run(["docker", "image", "rm", "-f", *made], capture_output=True, check=True)
    client.close()


def repository(example: str, base: str, folder: Path) -> Path:
    """A copy of the example whose Dockerfile starts from an image of this machine."""
    shutil.copytree(EXAMPLES / example, folder)
    dockerfile = folder / "Dockerfile"
    text, replaced = re.subn(
        r"^FROM .*$", f"FROM {base}", dockerfile.read_text(), flags=re.MULTILINE
    )
    assert replaced == 1
    dockerfile.write_text(re.sub(r"^RUN pip install .*\n", "", text, flags=re.MULTILINE))
    return folder


def test_dicom_deid(tmp_path: Path, backend: DockerBackend) -> None:
    checkout = repository("dicom-deid", python_image(), tmp_path / "repository")
    for part in Path(pydicom.__file__).parents[1].glob("pydicom*"):
        slim = shutil.ignore_patterns("test_files", "__pycache__")
        shutil.copytree(part, checkout / part.name, ignore=slim)
    lines = Lines()
    task = make_task(tmp_path / "job", backend.prepare(checkout, NAME, lines), KEEP_DATES="true")
    place(task.input / "scans", CT, MR)
    outcome = backend.run(task, lines, threading.Event())
    assert outcome == Outcome(0), lines
    assert "[1/2] scans/CT_small.dcm: CT 128 x 128, 201 identifying attributes" in lines
    new = pydicom.dcmread(task.output / "deidentified/scans" / CT)
    assert new.PatientIdentityRemoved == "YES"
    assert new.StudyDate != "20040119"


@pytest.mark.skipif(
    shutil.which("Rscript") is None and not os.environ.get("REQUIRE_R"),
    reason="R is not installed",
)
def test_summary_r(tmp_path: Path, backend: DockerBackend) -> None:
    checkout = repository("summary-r", r_image(), tmp_path / "repository")
    lines = Lines()
    task = make_task(tmp_path / "job", backend.prepare(checkout, NAME, lines), DIGITS="2")
    (task.input / "rates.csv").write_text("unit,rate\na,1.25\nb,2.5\n")
    outcome = backend.run(task, lines, threading.Event())
    assert outcome == Outcome(0), lines
    assert "rates.csv: 2 rows, 2 columns" in lines
    rows = table(task.output / "summary.csv")
    assert [(row["column"], row["mean"]) for row in rows] == [("unit", ""), ("rate", "1.9")]
