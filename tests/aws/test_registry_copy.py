"""Copying images between two real registries."""

from __future__ import annotations

import http.server
import json
import os
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.aws.registry import Document, Registry
from pennsieve_agent.aws.registry_copy import Place, copy
from pennsieve_agent.domain.image_names import ImageRef
from pennsieve_agent.errors import RegistryError
from tests.registries import (
    MANIFEST,
    digest,
    layer,
    needs_registry,
    put_image,
    put_index,
    registry,
)

pytestmark = needs_registry
SOURCE = ImageRef("public.example.org", "library/python", "3.12-slim")


def never(_: float) -> None:
    raise AssertionError("nothing was to be asked again")


class Two:
    """Two registries, and where they keep what they have."""

    def __init__(self, source: str, target: str, root: Path) -> None:
        self.source_url, self.target_url, self.root = source, target, root
        self.source = Place(Registry(source), "library/python")
        self.target = Place(Registry(target), "node/transfer")

    def copy(self, notes: list[str] | None = None) -> str:
        said = (lambda _: None) if notes is None else notes.append
        return copy(self.source, SOURCE, self.target, never, said)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    root = tmp_path_factory.mktemp("registries")
    with registry(root / "1") as source, registry(root / "2") as target:
        yield Two(source, target, root)


@pytest.fixture
def two(running: Two, request: pytest.FixtureRequest) -> Two:
    """The two, with a repository for this test alone."""
    found = Two(running.source_url, running.target_url, running.root)
    found.target = Place(found.target.registry, f"node/{abs(hash(request.node.name))}")
    return found


def publish(two: Two, data: bytes = b"hello") -> Document:
    layers = [layer({"bin/sh": b"#!"}), layer({"data": data})]
    parts = {
        "arm64": put_image(two.source.registry, two.source.repository, layers, "arm64"),
        "amd64": put_image(two.source.registry, two.source.repository, layers),
    }
    put_index(two.source.registry, two.source.repository, SOURCE.tag, parts)
    return parts["amd64"]


def test_the_part_for_our_machines_arrives_whole(two: Two) -> None:
    wanted = publish(two)
    notes: list[str] = []
    assert two.copy(notes) == wanted.digest
    target = two.target.registry
    for reference in (wanted.digest, wanted.digest.removeprefix("sha256:")):
        assert target.document(two.target.repository, reference) == wanted
    for row in (wanted.json["config"], *wanted.json["layers"]):
        with target.blob(two.target.repository, row["digest"]) as stream:
            assert digest(stream.read()) == row["digest"]
    assert len(notes) == 3
    again: list[str] = []
    assert two.copy(again) == wanted.digest
    assert not again


def test_it_goes_on_where_it_stopped(two: Two) -> None:
    wanted = publish(two, b"goes on")
    first = wanted.json["layers"][0]
    with two.source.registry.blob(two.source.repository, first["digest"]) as stream:
        two.target.registry.put_blob(two.target.repository, first["digest"], first["size"], stream)
    notes: list[str] = []
    assert two.copy(notes) == wanted.digest
    assert len(notes) == 2


def test_memory_stays_flat(two: Two) -> None:
    publish(two, os.urandom(64 << 20))
    tracemalloc.start()
    try:
        two.copy()
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_layer_that_was_changed_is_refused(two: Two) -> None:
    wanted = publish(two, b"right")
    changed = wanted.json["layers"][1]["digest"].removeprefix("sha256:")
    kept = two.root / "1" / "data/docker/registry/v2/blobs/sha256" / changed[:2] / changed / "data"
    kept.write_bytes(kept.read_bytes().replace(b"right", b"wrong"))
    with pytest.raises(RegistryError, match="a layer does not match its digest"):
        two.copy()
    assert not two.target.registry.has_blob(two.target.repository, f"sha256:{changed}")


def test_an_image_for_other_machines_alone_is_refused(two: Two) -> None:
    only = put_image(two.source.registry, two.source.repository, [layer({"x": b"1"})], "arm64")
    for reference in (only.digest, "arm"):
        put_index(two.source.registry, two.source.repository, "arm", {"arm64": only})
        image = ImageRef("r", two.source.repository, digest=reference)
        with pytest.raises(RegistryError, match="not available for linux/amd64"):
            copy(two.source, image, two.target, never)


def test_what_is_not_there_is_said(two: Two) -> None:
    image = ImageRef("public.example.org", "library/python", "nothing")
    with pytest.raises(RegistryError, match="manifest unknown"):
        copy(two.source, image, two.target, never)


def test_only_loopback_may_be_without_tls() -> None:
    with pytest.raises(RegistryError, match="over HTTPS only"):
        Registry("http://public.example.org")


@contextmanager
def answering(answers: list[tuple[int, dict[str, str], bytes]]) -> Iterator[tuple[str, list[Any]]]:
    """A server that gives these answers in turn, and notes what was asked."""
    asked: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            status, headers, content = answers.pop(0)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815 - the name is given

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_token_is_asked_for_and_goes_nowhere_else() -> None:
    content = b"blob"
    with answering([(200, {}, content)]) as (elsewhere, other):
        answers: list[tuple[int, dict[str, str], bytes]] = []
        with answering(answers) as (here, asked):
            realm = f'Bearer realm="{here}/token",service="r",scope="repository:x:pull"'
            answers += [
                (401, {"WWW-Authenticate": realm}, b""),
                (200, {}, json.dumps({"token": "T0KEN"}).encode()),
                (307, {"Location": f"{elsewhere}/signed"}, b""),
            ]
            with Registry(here).blob("x", digest(content)) as stream:
                assert stream.read() == content
        path = f"/v2/x/blobs/{digest(content)}"
        assert asked == [
            (path, None),
            ("/token?service=r&scope=repository%3Ax%3Apull", None),
            (path, "Bearer T0KEN"),
        ]
        assert other == [("/signed", None)]


def test_a_registry_that_stumbles_is_asked_again(two: Two) -> None:
    del two
    config = json.dumps({"os": "linux", "architecture": "amd64"}).encode()
    manifest = json.dumps(
        {"config": {"digest": digest(config), "size": len(config)}, "layers": []}
    ).encode()
    good = (200, {"Content-Type": MANIFEST}, manifest)
    slept: list[float] = []
    with answering([(503, {}, b""), (429, {}, b""), good, (200, {}, config), (200, {}, b"")]) as (
        here,
        asked,
    ):
        place = Place(Registry(here), "x")
        assert copy(place, ImageRef("r", "x", "1"), place, slept.append) == digest(manifest)
    assert len(slept) == 2
    assert len(asked) == 5


def test_a_manifest_that_is_not_what_was_asked_for() -> None:
    with (
        answering([(200, {"Content-Type": MANIFEST}, b"{}")]) as (here, _),
        pytest.raises(RegistryError, match="the registry sent another manifest than sha256:0"),
    ):
        Registry(here).document("x", f"sha256:{'0' * 64}")


def test_nobody_is_there() -> None:
    with pytest.raises(RegistryError, match="the image registry does not answer"):
        Registry("http://127.0.0.1:1").document("x", "1")
