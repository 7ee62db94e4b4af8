from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pennsieve_agent.engine.choose_backend import choose_backend
from pennsieve_agent.engine.docker_backend import DockerBackend
from pennsieve_agent.engine.docker_daemon import connect, is_local
from pennsieve_agent.engine.process_backend import ProcessBackend
from pennsieve_agent.errors import EngineError, UsageProblem


def test_an_unknown_word(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no backend called 'dokcer'") as caught:
        choose_backend("dokcer", tmp_path)
    assert caught.value.hint == "did you mean 'docker'?"


def test_processes_where_no_engine_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    without = choose_backend(None, tmp_path)
    assert isinstance(without, ProcessBackend)
    assert without.place == f"the container engine does not answer (unix://{tmp_path}/none.sock)"
    assert choose_backend("process", tmp_path).place == ""
    with pytest.raises(EngineError, match="does not answer") as caught:
        choose_backend("docker", tmp_path)
    assert caught.value.where == f"unix://{tmp_path}/none.sock"
    assert "DOCKER_HOST" in str(caught.value.hint)


@pytest.mark.docker
@pytest.mark.parametrize("wanted", [None, "docker"])
def test_an_engine_that_answers_is_used(tmp_path: Path, wanted: str | None) -> None:
    backend = choose_backend(wanted, tmp_path)
    assert isinstance(backend, DockerBackend)
    assert "unix://" in backend.place
    backend.close()


@pytest.mark.parametrize("wanted", [None, "docker"])
def test_a_variable_that_names_no_engine_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str | None
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:notaport")
    with pytest.raises(UsageProblem, match=r"DOCKER_HOST=.*:notaport is not the address"):
        choose_backend(wanted, tmp_path)


def test_an_engine_that_is_silent_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        began = time.monotonic()
        with pytest.raises(EngineError, match="does not answer"):
            connect({"DOCKER_HOST": f"unix://{path}"}, tmp_path, ping_seconds=0.2)
        assert time.monotonic() - began < 5


def test_an_engine_elsewhere_cannot_see_our_files(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="on another machine") as caught:
        connect({"DOCKER_HOST": "ssh://cluster"}, tmp_path)
    assert caught.value.where == "ssh://cluster"


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("unix:///var/run/docker.sock", True),
        ("tcp://localhost:2375", True),
        ("tcp://[::1]:2375", True),
        ("tcp://10.0.0.1:2375", False),
        ("ssh://me@cluster", False),
    ],
)
def test_which_engines_are_here(address: str, local: bool) -> None:  # noqa: FBT001
    assert is_local(address) == local


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    code = (
        "import sys, pennsieve_agent.engine.choose_backend, pennsieve_agent.engine.compile;"
        "sys.exit('docker' in sys.modules or 'requests' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
