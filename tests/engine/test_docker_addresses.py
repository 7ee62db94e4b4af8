"""Where the engines of Docker, Colima, OrbStack, Rancher and Podman listen, and who says so."""

from __future__ import annotations

import hashlib
import http.server
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pennsieve_agent.engine.docker_addresses import addresses
from pennsieve_agent.engine.docker_daemon import connect_and_name
from pennsieve_agent.errors import EngineError, UsageProblem

SOCKETS = {
    ".docker/run/docker.sock": "Docker Desktop",
    ".docker/desktop/docker.sock": "Docker Desktop",
    ".colima/default/docker.sock": "Colima",
    ".config/colima/default/docker.sock": "Colima",
    ".orbstack/run/docker.sock": "OrbStack",
    ".rd/docker.sock": "Rancher Desktop",
    ".local/share/containers/podman/machine/podman.sock": "Podman",
}


def place(home: Path, *names: str) -> list[str]:
    urls = []
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        urls.append(f"unix://{path}")
    return urls


def context(folder: Path, name: str, host: object) -> None:
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    document = {"Name": name, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
    (meta / "meta.json").write_text(json.dumps(document))


def mine(home: Path, environ: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """The addresses below a home: not those of the machine that the test runs on."""
    there = addresses(environ or {}, home)
    return [(a.url, a.engine) for a in there if str(home) in a.url]


def test_the_usual_sockets(tmp_path: Path) -> None:
    urls = place(tmp_path, *SOCKETS)
    assert sorted(mine(tmp_path)) == sorted(zip(urls, SOCKETS.values(), strict=True))


def test_rootless_docker_podman_and_a_colima_elsewhere(tmp_path: Path) -> None:
    urls = place(tmp_path, "run/docker.sock", "run/podman/podman.sock", "c/default/docker.sock")
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "COLIMA_HOME": str(tmp_path / "c")}
    engines = dict(mine(tmp_path, environ))
    assert engines == {urls[0]: "Docker", urls[1]: "Podman", urls[2]: "Colima"}


def test_a_variable_is_the_only_place(tmp_path: Path) -> None:
    (colima, _) = place(tmp_path, ".colima/default/docker.sock", ".rd/docker.sock")
    (found,) = addresses({"DOCKER_HOST": colima, "DOCKER_CONTEXT": "other"}, tmp_path)
    assert found.text == f"Colima at {colima} (DOCKER_HOST)"


@pytest.mark.parametrize("has_file", [True, False])
def test_the_context_of_a_variable(tmp_path: Path, has_file: bool) -> None:  # noqa: FBT001
    (colima, *_) = place(tmp_path, *(name for name in SOCKETS if ".config" not in name))
    colima = f"unix://{tmp_path}/.colima/default/docker.sock"
    if has_file:
        context(tmp_path / ".docker", "colima", colima)
    (found,) = addresses({"DOCKER_CONTEXT": "colima"}, tmp_path)
    assert (found.url, found.engine, found.source) == (colima, "Colima", "DOCKER_CONTEXT=colima")


def test_a_context_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="DOCKER_CONTEXT=lab: there is no Docker context 'lab'"):
        addresses({"DOCKER_CONTEXT": "lab"}, tmp_path)


def test_the_current_context_comes_first(tmp_path: Path) -> None:
    (rancher,) = place(tmp_path, ".rd/docker.sock")
    config = tmp_path / "config"
    context(config, "work", f"unix://{tmp_path}/work.sock")
    (config / "config.json").write_text(json.dumps({"currentContext": "work"}))
    environ = {"DOCKER_CONFIG": str(config)}
    assert [url for url, _ in mine(tmp_path, environ)] == [f"unix://{tmp_path}/work.sock", rancher]
    first = addresses(environ, tmp_path)[0]
    assert first.source == "Docker context 'work'"
    environ["DOCKER_CONTEXT"] = "default"
    assert [url for url, _ in mine(tmp_path, environ)] == [rancher]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"currentContext": 3}', '{"currentContext":"x"}'])
def test_a_configuration_that_says_nothing(tmp_path: Path, text: str) -> None:
    (rancher,) = place(tmp_path, ".rd/docker.sock", ".docker/config.json")[:1]
    (tmp_path / ".docker" / "config.json").write_text(text)
    context(tmp_path / ".docker", "y", 5)
    assert [url for url, _ in mine(tmp_path)] == [rancher]


@pytest.mark.parametrize(
    "host",
    [
        *("tcp://127.0.0.1:notaport", "tcp://127.0.0.1:99999", "127.0.0.1:2375", "unix://", "x"),
        *("tcp://", "tcp://[::1", "npipe:////./pipe/docker", "fd://", "tcp://127.0.0.1:0"),
    ],
)
def test_a_host_that_is_none_is_named(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageProblem, match="DOCKER_HOST=") as caught:
        addresses({"DOCKER_HOST": host}, tmp_path)
    assert "unset DOCKER_HOST" in (caught.value.hint or "")


class _Server(socketserver.UnixStreamServer):
    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        return self.socket.accept()[0], ("here", 0)


class _Engine(http.server.BaseHTTPRequestHandler):
    """As much of an engine as a client asks when it is made."""

    def do_GET(self) -> None:
        body = json.dumps({"ApiVersion": "1.43", "MinAPIVersion": "1.24"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def engine(path: Path) -> Iterator[str]:
    with _Server(str(path), _Engine) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"unix://{path}"
        server.shutdown()
        thread.join()


def test_the_engine_of_a_context_is_the_one_that_is_used(tmp_path: Path) -> None:
    context(tmp_path / ".docker", "colima-lab", f"unix://{tmp_path}/e.sock")
    with engine(tmp_path / "e.sock") as url:
        client, found = connect_and_name({"DOCKER_CONTEXT": "colima-lab"}, tmp_path)
        client.close()
    assert found.text == f"Colima at {url} (DOCKER_CONTEXT=colima-lab)"


def test_a_context_on_another_machine_cannot_see_our_files(tmp_path: Path) -> None:
    context(tmp_path / ".docker", "cluster", "ssh://me@cluster")
    with pytest.raises(EngineError, match="on another machine") as caught:
        connect_and_name({"DOCKER_CONTEXT": "cluster"}, tmp_path)
    assert caught.value.where == "ssh://me@cluster"
