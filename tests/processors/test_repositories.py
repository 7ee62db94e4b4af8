"""Repositories that behave as public processors do, unmodified, on both machines.

Only the base image is another in containers: one that is made here in place of the public one.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain.input_layout import Layout, local_paths
from pennsieve_agent.domain.step_files import RUN_MOUNT, data_path, step_folder
from pennsieve_agent.engine.backend import Backend
from pennsieve_agent.engine.container_task import Mount
from pennsieve_agent.engine.docker_backend import DockerBackend
from pennsieve_agent.engine.docker_daemon import connect
from pennsieve_agent.engine.process_backend import ProcessBackend
from pennsieve_agent.node.transfer_job.run_files import RunFiles
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from pennsieve_agent.sandbox.aws.batch.containers import Container
from pennsieve_agent.sandbox.compute.runs.job_machine import JobMachine
from pennsieve_agent.source.manifest import read
from tests.engine.make import Lines
from tests.processors.bases import base_image, make_humanize

REPOSITORIES = Path(__file__).parent / "repositories"
HOSTS = {"PENNSIEVE_API_HOST": "http://127.0.0.1:9", "PENNSIEVE_API_HOST2": "http://127.0.0.1:9"}
MARK = f"case-{os.getpid()}"
"""What the images are called that are made here, and removed afterwards."""
OWN = step_folder("work")


class Bench:
    """A machine, and a run whose step ``work`` follows ``in``."""

    def __init__(self, backend: Backend, root: Path) -> None:
        self.backend = backend
        self.root = root
        self.lines, self.notes = Lines(), Lines()
        self.run = RunFiles(root / "run", before=("in", "work"))
        self.run.root.mkdir()
        self.run.lay_out(("in", "work"))

    def stage(self, files: Mapping[str, str], layout: Layout = Layout.TREE) -> None:
        for path, text in zip(local_paths(list(files), layout), files.values(), strict=True):
            target = self.run.data("in") / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)

    def perform(self, name: str, **environ: str) -> int | None:
        """Run a repository's program; its exit code."""
        program = self.backend.prepare(self._checkout(name), f"{MARK}-{name}", self.notes)
        programs = {"app@1": program}
        machine = JobMachine(lambda image, _: programs.get(image), self.backend, self.root / "jobs")
        mounts = (
            Mount(RUN_MOUNT, self.run.root, read_only=True),
            Mount(f"{RUN_MOUNT}/{OWN}", self.run.root / OWN, read_only=False),
        )
        places = {"INPUT_DIR": data_path(step_folder("in")), "OUTPUT_DIR": data_path(OWN)}
        told = {"AWS_BATCH_JOB_ATTEMPT": "1", **HOSTS, **environ, **places}
        job = Container("job:1", "app@1", (), told, mounts, 1, 512)
        return machine.run(job, self.lines, threading.Event()).code

    def _checkout(self, name: str) -> Path:
        checkout = self.root / "checkout"
        shutil.copytree(REPOSITORIES / name, checkout)
        if self.backend.name == "docker":
            path = checkout / "Dockerfile"
            first, _, rest = path.read_text().partition("\n")
            path.write_text(f"FROM {base_image(first.removeprefix('FROM '))}\n{rest}")
        return checkout

    def made(self) -> dict[str, str]:
        """What is delivered."""
        return {name: path.read_text().strip() for name, path in self.run.files("work")}


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    if request.param == "process":
        (tmp_path / "wheels").mkdir()
        make_humanize(tmp_path / "wheels")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
        yield Bench(ProcessBackend(tmp_path / "cache", tmp_path.name), tmp_path)
        return
    client = connect({}, tmp_path / "home")
    found = Bench(DockerBackend(client, f"test-{tmp_path.name}"), tmp_path)
    yield found
    for image in client.images.list(name=f"pennsieve/{MARK}-*"):
        client.images.remove(image.id, force=True)
    client.close()


def test_an_output_that_is_removed_and_made_anew(bench: Bench) -> None:
    bench.stage({"raw/a/1.nii": "one", "raw/a/2.nii": "three"})
    assert bench.perform("remakes-output") == 0, bench.lines
    assert bench.lines == ["2 files"]
    assert bench.made() == {"1.nii.size": "3", "2.nii.size": "5"}


@pytest.mark.parametrize("layout", Layout)
def test_a_program_that_lists_the_top_needs_a_flat_input(bench: Bench, layout: Layout) -> None:
    bench.stage({"raw/a/1.nii": "one", "raw/b/2.nii": "three"}, layout)
    code = bench.perform("remakes-output")
    if layout is Layout.TREE:
        assert code == 1
        assert bench.lines[0].startswith("no file in ")
    else:
        assert bench.made() == {"1.nii.size": "3", "2.nii.size": "5"}


def test_links_into_the_input_are_delivered_as_files(bench: Bench) -> None:
    bench.stage({"raw/a.nii": "one", "raw/b.nii": "two"})
    assert bench.perform("links-input", SCALE="3") == 0, bench.lines
    assert (bench.run.data("work") / "a.nii").is_symlink()
    assert bench.made() == {"a.nii": "one", "b.nii": "two", "scale.txt": "scale is 3"}


def test_a_link_out_of_the_run_is_refused(bench: Bench) -> None:
    bench.stage({"a.nii": "one"})
    assert bench.perform("links-input") == 0, bench.lines
    (bench.run.data("work") / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(TransferError, match="'passwd' of step 'work' is a link that leads out"):
        bench.made()


def test_requirements_in_a_folder_below(bench: Bench) -> None:
    bench.stage({"a": "1234", "b": "5"})
    assert bench.perform("requirements-below") == 0, bench.lines
    assert bench.made() == {"total.txt": "5 Bytes"}
    if bench.backend.name == "process":
        assert "installing processor/requirements.txt" in bench.notes


def test_a_program_that_needs_a_token_says_that_it_lacks_one(bench: Bench) -> None:
    bench.stage({"a": "1"})
    assert bench.perform("asks-pennsieve") == 1
    assert bench.lines[0] == "no SESSION_TOKEN"


def test_a_program_that_has_a_token_sees_its_datasets(bench: Bench) -> None:
    """It reaches a server that listens on this machine alone, also from a container."""
    with pennsieve() as (url, asked):
        hosts = {"PENNSIEVE_API_HOST": url, "PENNSIEVE_API_HOST2": url}
        assert bench.perform("asks-pennsieve", SESSION_TOKEN="t0ken", **hosts) == 0, bench.lines
    assert json.loads(bench.made()["seen.json"]) == {"user": "N:user:w", "datasets": ["mine"]}
    assert asked == ["Bearer t0ken"] * 2


def test_the_newer_manifest_says_what_the_program_needs(bench: Bench) -> None:
    manifest = read(REPOSITORIES / "new-manifest")
    assert "12288" in str(manifest.notes[0])
    assert manifest.memory == 12288
    threshold, method = manifest.parameters
    assert (threshold.default, threshold.required) == ("5.5", False)
    assert (method.default, method.required) == (None, True)
    bench.stage({"a": "1"})
    assert bench.perform("new-manifest", THRESHOLD="5.5", METHOD="simple") == 0
    assert bench.made() == {"p.txt": "5.5 simple"}


@contextmanager
def pennsieve() -> Iterator[tuple[str, list[str]]]:
    """A server with a user and a dataset, and what it was asked with."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization", ""))
            datasets = {"datasets": [{"content": {"name": "mine"}}]}
            body = json.dumps({"id": "N:user:w"} if self.path == "/user" else datasets)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
