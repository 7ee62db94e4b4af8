"""``workflow add`` with nodes of one's own: built by Pennsieve, here, or as an archive."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.errors import NodeUnreachable
from pennsieve_agent.sandbox.host.control import Sandbox
from tests.cli.conftest import WORD_COUNT, Lab, commit, git, repository
from tests.cli.conftest import made as made_lab
from tests.cli.harness import Agent
from tests.cli.owned import ACCOUNT, BUCKET, REGION, REPOSITORY, Owned
from tests.cli.test_bad_input import refused
from tests.engine.images import busybox_image
from tests.github import git_settings, on_github
from tests.quick_sandbox import quick
from tests.registries import needs_registry

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@dataclass
class Scene:
    """A machine with a node of its own, on a sandbox."""

    agent: Agent
    node: Owned
    data: Path

    def added(self, *words: str) -> Any:
        result = self.agent("workflow", "add", *words, "--json")
        assert result.code == 0, result.err
        return result.document

    def listed(self) -> dict[str, Any]:
        found = self.agent("workflow", "list", "--json")
        assert found.code == 0, found.err
        return {row["name"]: row for row in found.document}

    def image(self, workflow: str, version: str) -> str:
        steps = self.node.documents(workflow)[version]["steps"]
        return next(str(step["image"]) for step in steps if step.get("image"))


def open_scene(data: Path, environ: dict[str, str], *, made: bool) -> Scene:
    agent = Agent(environ)
    workspace = agent("whoami", "--json").document["workspace"]["id"]
    node = Owned(data, workspace)
    if not made:
        node.make()
    node.remember(agent.environ)
    agent.nodes = node.calls
    return Scene(agent, node, data)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A sandbox of its own: what is made here is not in the way of other tests."""
    found = made_lab(tmp_path_factory.mktemp("own"))
    yield found
    found.box.stop()


@pytest.fixture(scope="module")
def made() -> list[str]:
    """Which sandboxes have the node's parts."""
    return []


@pytest.fixture
def scene(
    lab: Lab, clean_machine: Path, monkeypatch: pytest.MonkeyPatch, made: list[str]
) -> Iterator[Scene]:
    """On a sandbox without containers."""
    for name, value in git_settings(lab.box.data).items():
        monkeypatch.setenv(name, value)
    environ = {**lab.box.environment(), "HOME": str(clean_machine)}
    found = open_scene(lab.box.data, environ, made="lab" in made)
    made.append("lab")
    yield found
    found.node.forget(environ)


def code(folder: Path, name: str, **more: str) -> Path:
    manifest = f'schemaVersion: "1.0"\nname: {name}\n'
    return repository(folder / name, {**WORD_COUNT, "app.yml": manifest, **more}, None)


def test_local_code_lives_on_the_node_alone(scene: Scene, tmp_path: Path) -> None:
    folder = code(tmp_path, "local-code")
    added = scene.added(str(folder))
    assert (added["build"], added["on_pennsieve"], added["created"]) == ("here", False, True)
    assert added["build_reason"] == "local-code is not on GitHub"
    (on_node,) = added["nodes"]
    (document,) = scene.node.documents(added["id"]).values()
    assert (document["origin"], document["layout"]) == ("here", "tree")
    step = next(step for step in document["steps"] if step["kind"] == "processor")
    assert step["sourceUrl"] == "local:local-code"
    assert step["commit"] == added["sources"][0]["commit"]
    key = step["image"].removeprefix("archive@sha256:")
    content = scene.node.aws("s3").get_object(Bucket=BUCKET, Key=f"archives/{key}.tar.gz")
    assert hashlib.sha256(content["Body"].read()).hexdigest() == key
    assert on_node["images"] == {step["id"]: step["image"]}
    assert scene.listed()["local-code"]["where"] == ["my-node"]
    line = next(r for r in scene.agent("workflow", "list").out.splitlines() if "local-code" in r)
    assert "\tmy-node\t" in line
    for name in ("sandbox.db", "sandbox.db-wal"):
        stored = scene.data / name
        assert not stored.exists() or str(folder).encode() not in stored.read_bytes()


def moved_tag(folder: Path, tag: str) -> None:
    commit(folder, {"main.py": f"print('moved {tag}')\n"}, None)
    subprocess.run(["git", "-C", str(folder), "tag", "-f", tag], check=True)


def head(folder: Path) -> str:
    answer = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "--short=7", "HEAD"],
        check=True,
        capture_output=True,
        text=True,
    )
    return answer.stdout.strip()


def test_adding_known_code_changes_nothing_and_says_what_exists(
    scene: Scene, tmp_path: Path
) -> None:
    folder = repository(tmp_path / "growing", WORD_COUNT, "v1.0.0")
    old = head(folder)
    add = ("workflow", "add", str(folder), "--name", "growing")
    first = scene.added(*add[2:])
    again = scene.agent(*add)
    assert again.code == 0
    assert again.out == (f"Workflow 'growing' ({first['id']}) is there already: v1.0.0 ({old})\n")
    assert "nothing was changed" in again.err
    assert "builds it" not in again.err
    commit(folder, {"main.py": "print('other')\n"}, "v2.0.0")
    newer = scene.agent(*add)
    assert f"is there already: v1.0.0 ({old})" in newer.out
    new = f"v2.0.0 ({head(folder)})"
    assert f"{new} exists: pennsieve workflow update 'growing' --to v2.0.0" in newer.err
    document = scene.added(*add[2:])
    assert (document["created"], document["build"]) == (False, None)
    assert [n["created"] for n in document["nodes"]] == [False]
    assert list(scene.node.documents(first["id"])) == ["v1.0.0"]
    flat = scene.agent(*add, "--layout", "flat")
    assert "its settings were not changed; change them with" in flat.err


def test_an_update_shows_from_and_to(scene: Scene, tmp_path: Path) -> None:
    folder = repository(tmp_path / "updated", WORD_COUNT, "v1.0.0")
    old = head(folder)
    first = scene.added(str(folder), "--name", "updated")
    update = ("workflow", "update", "updated")
    nothing = scene.agent(*update)
    assert f"has the newest code: v1.0.0 ({old})" in nothing.out
    commit(folder, {"main.py": "print('other')\n"}, "v1.1.0")
    change = f"v1.0.0 ({old}) → v1.1.0 ({head(folder)})"
    plan = scene.agent(*update, "--dry-run")
    assert f"step 'word-count': {change}" in plan.out
    assert list(scene.node.documents(first["id"])) == ["v1.0.0"]
    done = scene.agent(*update)
    assert done.code == 0, done.err
    assert done.out.startswith(f"Updated workflow 'updated': {change}\n")
    assert list(scene.node.documents(first["id"])) == ["v1.0.0", "v1.1.0"]
    back = scene.agent(*update, "--to", "v1.0.0", "--json").document
    assert (back["changes"][0]["from_tag"], back["changes"][0]["to_tag"]) == ("v1.1.0", "v1.0.0")
    refused(scene.agent(*update, "--to", "v9"), 2, "no tag, branch or commit 'v9'", "v1.1.0")
    refused(scene.agent(*update, "--to", "v1.0.0", "--name", "x"), 2, "one at a time")


def test_a_tag_that_was_moved_is_refused(scene: Scene, tmp_path: Path) -> None:
    folder = repository(tmp_path / "tagged", WORD_COUNT, "v1.0.0")
    old = head(folder)
    first = scene.added(str(folder), "--name", "tagged")
    moved_tag(folder, "v1.0.0")
    said = scene.agent("workflow", "add", str(folder), "--name", "tagged")
    assert f"meant {old} when it was registered" in said.err
    update = ("workflow", "update", "tagged")
    meaning = f"meant {old} when it was registered, and now {head(folder)}"
    refused(scene.agent(*update), 1, meaning, "--accept-moved-tag")
    assert list(scene.node.documents(first["id"])) == ["v1.0.0"]
    accepted = scene.agent(*update, "--accept-moved-tag", "--json").document
    assert accepted["changes"][0]["tag_moved"]
    assert accepted["nodes"][0]["version"] == "v1.0.0-2"
    commit(folder, {"main.py": "print('next')\n"}, "v1.1.0")
    assert scene.agent(*update).code == 0
    moved_tag(folder, "v1.0.0")
    refused(scene.agent(*update, "--to", "v1.0.0"), 1, "was moved")


def test_an_update_asks_where_others_use_it(scene: Scene, tmp_path: Path) -> None:
    folder = repository(tmp_path / "used", WORD_COUNT, "v1.0.0")
    first = scene.added(str(folder), "--name", "used")
    arn = f"arn:aws:iam::{ACCOUNT}:user/grace"
    scene.node.ask("PUT", "/shares", body={"arn": arn, "workflows": [first["id"]]}, admin=True)
    commit(folder, {"main.py": "print('other')\n"}, "v1.1.0")
    update = ("workflow", "update", "used")
    refused(scene.agent(*update), 2, "for them, too?", "--yes")
    plan = scene.agent(*update, "--dry-run", "--json").document
    assert plan["used_by_others"] == [f"shared on compute node 'my-node' with {arn}"]
    assert list(scene.node.documents(first["id"])) == ["v1.0.0"]
    done = scene.agent(*update, "--yes")
    assert done.code == 0, done.err


def test_an_update_on_another_machine_needs_the_place_of_the_code(
    scene: Scene, tmp_path: Path
) -> None:
    folder = repository(tmp_path / "placed", WORD_COUNT, "v1.0.0")
    scene.added(str(folder), "--name", "placed")
    (scene.data / "workflow-code.json").unlink()
    commit(folder, {"main.py": "print('other')\n"}, "v1.1.0")
    update = ("workflow", "update", "placed")
    refused(scene.agent(*update), 2, "does not know where the code", "--repo REPO")
    done = scene.agent(*update, "--repo", str(folder))
    assert done.code == 0, done.err


def test_settings_are_the_versions_and_stay(scene: Scene, tmp_path: Path) -> None:
    folder = code(tmp_path, "settled")
    words = ("--layout", "flat", "--needs-pennsieve")
    added = scene.added(str(folder), *words)
    (document,) = scene.node.documents(added["id"]).values()
    assert (document["layout"], document["needsPennsieve"]) == ("flat", "read")
    assert not scene.added(str(folder))["nodes"][0]["created"]
    result = scene.agent("workflow", "update", "settled", "--needs-pennsieve=write", "--json")
    version = result.document["nodes"][0]["version"]
    document = scene.node.documents(added["id"])[version]
    assert (document["layout"], document["needsPennsieve"]) == ("flat", "write")


def test_other_code_of_the_same_name_is_refused(scene: Scene, tmp_path: Path) -> None:
    scene.added(str(code(tmp_path / "1", "same")))
    other = repository(
        tmp_path / "2" / "another",
        {**WORD_COUNT, "app.yml": 'schemaVersion: "1.0"\nname: same\n'},
        None,
    )
    refused(scene.agent("workflow", "add", str(other)), 1, "made from other code", "--name")


def test_words_that_are_wrong(scene: Scene, tmp_path: Path) -> None:
    folder = str(code(tmp_path, "wrong"))
    add = ("workflow", "add", folder)
    builds = "is not one of 'auto', 'pennsieve', 'here', 'node'"
    refused(scene.agent(*add, "--build", "cloud"), 2, f"'cloud' {builds}")
    sized = (*add, "--build-size", "huge")
    refused(scene.agent(*sized), 2, "'huge' is not one of 'small', 'medium', 'large'")
    both = (*add, "--build", "here", "--build-size", "large")
    refused(scene.agent(*both), 2, "--build here was given", "give --build node")
    refused(scene.agent(*add, "--layout", "heap"), 2, "'heap' is not one of 'tree', 'flat'")
    refused(
        scene.agent(*add, "--needs-pennsieve=all"), 2, "'all' is not one of 'read', 'write', 'no'"
    )
    refused(
        scene.agent(*add, "--build", "pennsieve"), 2, "Pennsieve cannot build this", "--build here"
    )
    url = on_github(scene.data, Path(folder))
    refused(
        scene.agent("workflow", "add", url, "--build", "pennsieve"),
        2,
        "is not a tag",
        "--build here",
    )


def test_without_a_node_local_code_has_no_place(scene: Scene, tmp_path: Path) -> None:
    scene.node.forget(scene.agent.environ)
    result = scene.agent("workflow", "add", str(code(tmp_path, "homeless")))
    refused(result, 2, "a compute node of your own", "pennsieve compute register")


def test_a_node_that_is_down(scene: Scene, tmp_path: Path) -> None:
    scene.node.down = NodeUnreachable("compute node 'my-node' is gone", hint="look: compute list")
    refused(scene.agent("workflow", "add", str(code(tmp_path, "down"))), 1, "is gone")
    listed = scene.agent("workflow", "list")
    assert listed.code == 0
    assert "node 'my-node' could not be reached: compute node 'my-node' is gone" in listed.err


def test_what_lives_on_nodes_alone_is_removed_for_good(scene: Scene, tmp_path: Path) -> None:
    added = scene.added(str(code(tmp_path, "gone")))
    archive = scene.agent("workflow", "archive", "gone", "--yes")
    refused(archive, 2, "nodes have no archive", "workflow archive 'gone' --delete")
    for way in ("--dry-run", "--yes"):
        prefix = scene.agent("workflow", "archive", "gon", "--delete", way)
        refused(prefix, 2, "needs the full name or the id")
    assert "gone" in scene.listed()
    result = scene.agent("workflow", "archive", "gone", "--delete", "--yes", "--json")
    assert result.code == 0, result.err
    assert result.document["nodes"] == ["my-node"]
    assert "gone" not in scene.listed()
    assert not scene.node.documents(added["id"])
    refused(scene.agent("workflow", "show", "gone"), 2, "no workflow is called 'gone'")


def test_what_has_no_command_is_said_at_once(scene: Scene, tmp_path: Path) -> None:
    folder = repository(tmp_path / "silent", {"Dockerfile": "FROM scratch\nCOPY . /\n"}, None)
    refused(scene.agent("workflow", "add", str(folder)), 2, "has no ENTRYPOINT or CMD")
    assert "silent" not in scene.listed()


def test_what_code_does_is_told(scene: Scene, tmp_path: Path) -> None:
    program = 'import os\nprint(os.environ["SESSION_TOKEN"])\n'
    folder = code(tmp_path, "asking", **{"main.py": program})
    told = scene.agent("workflow", "add", str(folder))
    assert "note: asking: main.py, line 2: reads SESSION_TOKEN" in told.err
    assert "--needs-pennsieve" in told.err
    told = scene.agent("workflow", "add", str(folder), "--needs-pennsieve")
    assert "reads SESSION_TOKEN" not in told.err


def test_what_lfs_and_submodules_lack_is_named(scene: Scene, tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "7" * 64 + "\nsize 9\n"
    folder = code(tmp_path, "weights", **{"model.pt": pointer})
    allowed = ("-c", "protocol.file.allow=always")
    for path in ("there", "gone"):
        library = repository(tmp_path / f"lib-{path}", {"lib.py": "X = 1\n"})
        git(folder, *allowed, "submodule", "add", "--quiet", str(library), path)
    commit(folder, {}, None)
    shutil.rmtree(tmp_path / "lib-gone")
    shutil.rmtree(folder / ".git" / "modules" / "gone")
    result = scene.agent("workflow", "add", str(folder))
    assert result.code == 0, result.err
    assert "note: model.pt is a Git LFS pointer, its content is not fetched; " in result.err
    assert "note: submodule gone is left out: there is no such folder" in result.err
    assert "submodule there" not in result.err


def test_a_token_goes_to_pennsieve_only_where_that_was_asked_for(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = code(tmp_path, "secretive")
    commit(folder, {"more.txt": "x"}, "v1.0.0")
    url = on_github(scene.data, folder)
    # What this user's git can read, and nobody else's.
    settings = git_settings(scene.data)
    section = settings["GIT_CONFIG_KEY_0"].removeprefix("url.").removesuffix(".insteadOf")
    (tmp_path / "config").write_text(
        f'[url "{section}"]\n\tinsteadOf = {settings["GIT_CONFIG_VALUE_0"]}\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.proxy")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "http://127.0.0.1:9")
    here = scene.agent("workflow", "add", url, "--name", "secretive-here")
    assert here.code == 0, here.err
    assert "secretive is private, and Pennsieve cannot read it" in here.err
    assert "is sent to Pennsieve" not in here.err
    words = ("workflow", "add", url, "--name", "secretive", "--build", "pennsieve")
    refused(scene.agent(*words), 2, "GitHub token (not shown)", "gh auth login")
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text("#!/bin/sh\necho username=ada\necho password=ghp_0123\n")
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{gh.parent}:{os.environ['PATH']}")
    sent = scene.agent(*words)
    assert sent.code == 0, sent.err
    assert f"{url} is private, so a token that can read it is sent to Pennsieve at http" in sent.err
    assert "ghp_0123" not in sent.out + sent.err
    for path in scene.data.rglob("*"):
        assert not path.is_file() or b"ghp_0123" not in path.read_bytes(), path


def four_at_once(scene: Scene, *words: str) -> list[Any]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda _: scene.agent("workflow", "add", *words), range(4)))


@pytest.mark.parametrize("build", ["here", "pennsieve"])
def test_four_at_once_make_one_workflow(scene: Scene, tmp_path: Path, build: str) -> None:
    name = f"at-once-{build}"
    folder = code(tmp_path, name)
    if build == "pennsieve":
        commit(folder, {"more.txt": "x"}, "v1.0.0")
    place = str(folder) if build == "here" else on_github(scene.data, folder)
    results = four_at_once(scene, place)
    assert [result.code for result in results] == [0, 0, 0, 0], [r.err for r in results]
    listed = scene.agent("workflow", "list", "--json").document
    (row,) = [row for row in listed if row["name"] == name]
    assert list(scene.node.documents(row["id"])), "it is on the node"
    assert all(row["id"] in result.out for result in results)


@pytest.fixture(scope="module")
def docked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose nodes' jobs run in containers."""
    box = quick(tmp_path_factory.mktemp("docked") / "sandbox")
    box.start_detached(0, "docker")
    yield box
    box.stop()


@pytest.fixture
def harbour(
    docked: Sandbox, clean_machine: Path, monkeypatch: pytest.MonkeyPatch, made: list[str]
) -> Iterator[Scene]:
    for name, value in git_settings(docked.data).items():
        monkeypatch.setenv(name, value)
    environ = {**docked.environment(), "HOME": str(clean_machine)}
    found = open_scene(docked.data, environ, made="docked" in made)
    made.append("docked")
    yield found
    found.node.forget(environ)


def image_code(folder: Path, name: str, tag: str | None = "v1.0.0") -> Path:
    files = {
        "Dockerfile": f'FROM {busybox_image()}\nCOPY run.sh /\nENTRYPOINT ["/bin/sh", "/run.sh"]\n',
        "app.yml": f'schemaVersion: "1.0"\nname: {name}\n',
        "run.sh": f"echo {os.urandom(8).hex()}\n",
    }
    return repository(folder / name, files, tag)


@pytest.mark.docker
@needs_registry
def test_pennsieve_builds_what_is_on_github_at_a_tag(harbour: Scene, tmp_path: Path) -> None:
    folder = image_code(tmp_path, "tagged")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "7" * 64 + "\nsize 9\n"
    url = on_github(harbour.data, commit(folder, {"model.pt": pointer}, "v1.0.1"))
    result = harbour.agent("workflow", "add", url, "--json")
    assert result.code == 0, result.err
    assert "the content of model.pt is in Git LFS (an image that Pennsieve builds" in result.err
    added = result.document
    assert (added["build"], added["on_pennsieve"]) == ("pennsieve", True)
    assert harbour.listed()["tagged"]["where"] == ["Pennsieve", "my-node"]
    image = harbour.image(added["id"], "v1.0.1")
    name, _, digest = image.partition("@")
    account, _, _ = name.partition(".")
    found = harbour.node.aws("ecr").batch_get_image(
        registryId=account,
        repositoryName=name.partition("/")[2],
        imageIds=[{"imageDigest": digest}],
    )
    assert found["images"]
    apps = harbour.agent("workflow", "app", "show", url, "--json").document
    assert apps["sharing"]["visibility"] == "private"


@pytest.mark.docker
@needs_registry
def test_code_is_built_here_and_pushed(harbour: Scene, tmp_path: Path) -> None:
    folder = image_code(tmp_path, "own-build", None)
    added = harbour.added(str(folder))
    assert added["build"] == "here"
    (on_node,) = added["nodes"]
    image = harbour.image(added["id"], on_node["version"])
    assert image.startswith(f"{HOST}/{REPOSITORY}@sha256:")
    digest = image.partition("@")[2]
    (detail,) = harbour.node.aws("ecr").describe_images(
        repositoryName=REPOSITORY, imageIds=[{"imageDigest": digest}]
    )["imageDetails"]
    (tag,) = detail["imageTags"]
    assert len(tag) == 64
    again = harbour.added(str(folder))
    assert again["nodes"][0]["images"] == on_node["images"]
    assert not again["nodes"][0]["created"]


@pytest.mark.docker
@needs_registry
def test_pennsieve_does_not_list_what_it_did_not_build(harbour: Scene, tmp_path: Path) -> None:
    url = on_github(harbour.data, image_code(tmp_path, "here-only"))
    result = harbour.agent("workflow", "add", url, "--build", "here", "--json")
    assert result.code == 0, result.err
    assert "Pennsieve does not list code that it did not build" in result.err
    assert not result.document["on_pennsieve"]
    (document,) = harbour.node.documents(result.document["id"]).values()
    step = next(step for step in document["steps"] if step["kind"] == "processor")
    assert step["sourceUrl"] == url


@pytest.mark.docker
@needs_registry
def test_where_pennsieve_lists_any_code_it_is_told_of_public_code(
    harbour: Scene, tmp_path: Path
) -> None:
    url = on_github(harbour.data, image_code(tmp_path, "foreign"))
    with closing(sqlite3.connect(harbour.data / "sandbox.db")) as database, database:
        database.execute("INSERT OR REPLACE INTO settings VALUES ('foreign', '1')")
    try:
        added = harbour.added(url, "--build", "here")
        private = harbour.added(str(image_code(tmp_path, "private")), "--build", "here")
    finally:
        with closing(sqlite3.connect(harbour.data / "sandbox.db")) as database, database:
            database.execute("INSERT OR REPLACE INTO settings VALUES ('foreign', '0')")
    assert added["on_pennsieve"]
    assert list(harbour.node.documents(added["id"])) == ["v1.0.0"]
    assert harbour.listed()["foreign"]["where"] == ["Pennsieve", "my-node"]
    assert not private["on_pennsieve"]


@pytest.mark.docker
def test_an_image_that_cannot_be_built_says_so(harbour: Scene, tmp_path: Path) -> None:
    folder = repository(
        tmp_path / "broken", {"Dockerfile": f"FROM {busybox_image()}\nRUN exit 3\n"}, None
    )
    refused(harbour.agent("workflow", "add", str(folder)), 2, "the image could not be built")


@pytest.mark.docker
def test_without_an_engine_nothing_is_built(harbour: Scene, tmp_path: Path) -> None:
    harbour.agent.environ["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    add = ("workflow", "add", str(image_code(tmp_path, "no-engine", None)))
    result = harbour.agent(*add, "--build", "here")
    refused(result, 1, "cannot build the image", "start Docker", "so that Pennsieve builds it")
    planned = harbour.agent(*add, "--dry-run")
    assert "your own compute node builds it: " in planned.out
    assert "no container engine answers on this machine" in planned.out
