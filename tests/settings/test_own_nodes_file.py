"""The list of own nodes: private, whole or not at all, by profile, and never guessed at."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.own_nodes_file import OwnNodes

GATEWAY = "arn:aws:lambda:us-east-1:123456789012:function:pennsieve-node-0a1b2c3d-gateway"
NODE = OwnNode(
    *("0a1b2c3d", "lab", "N:organization:1", "123456789012", "us-east-1", GATEWAY),
    admin=GATEWAY.replace("-gateway", "-admin"),
    version="0.1.0",
)


@pytest.fixture
def store(tmp_path: Path) -> OwnNodes:
    return OwnNodes.beside(tmp_path / "deep" / "config.ini")


def test_it_comes_back_as_it_was_written(store: OwnNodes) -> None:
    assert store.list("default") == []
    store.put("default", NODE)
    other = replace(NODE, token="ffffffff", name="Atlas", admin="")
    store.put("default", other)
    assert store.list("default") == [other, NODE]
    assert [node.is_owned for node in store.list("default")] == [False, True]
    store.put("default", replace(NODE, name="renamed"))
    assert [node.name for node in store.list("default")] == ["Atlas", "renamed"]


def test_profiles_do_not_see_each_other(store: OwnNodes) -> None:
    store.put("one", NODE)
    store.remove("two", NODE.token)
    assert store.list("two") == []
    store.put("two", NODE)
    store.remove("one", NODE.token)
    assert (store.list("one"), store.list("two")) == ([], [NODE])


def test_only_its_owner_may_read_it(store: OwnNodes) -> None:
    store.put("default", NODE)
    assert store.path.name == "own-nodes.json"
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", '{"version": 1}', '{"version": 2, "profiles": {}}'),
        '{"version": 1, "profiles": {"default": [{"token": "0a1b2c3d"}]}}',
        json.dumps({"version": 1, "profiles": {"default": [asdict(replace(NODE, token="no"))]}}),
    ],
)
def test_a_broken_file_is_said_and_never_written_over(store: OwnNodes, text: str) -> None:
    store.path.parent.mkdir()
    store.path.write_text(text)
    for change in (
        lambda: store.list("default"),
        lambda: store.put("default", NODE),
        lambda: store.remove("default", NODE.token),
    ):
        with pytest.raises(SettingsError) as raised:
            change()
        assert raised.value.where == str(store.path)
        assert raised.value.hint
    assert store.path.read_text() == text


def test_what_a_later_version_adds_does_no_harm(store: OwnNodes) -> None:
    store.put("default", NODE)
    document = json.loads(store.path.read_text())
    document["profiles"]["default"][0]["colour"] = 7
    store.path.write_text(json.dumps(document))
    assert store.list("default") == [NODE]


def test_a_write_that_fails_keeps_the_old_list(store: OwnNodes) -> None:
    store.put("default", NODE)
    before = store.path.read_bytes()
    with pytest.raises(TypeError):
        store.put("default", replace(NODE, token="ffffffff", name=object()))  # type: ignore[arg-type]
    assert store.path.read_bytes() == before
    assert {path.name for path in store.path.parent.iterdir()} == {
        *("own-nodes.json", "own-nodes.lock"),
    }


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be used"):
        OwnNodes(tmp_path / "file" / "own-nodes.json").put("default", NODE)


def test_changes_at_the_same_time_are_all_kept(store: OwnNodes) -> None:
    nodes = [replace(NODE, token=os.urandom(4).hex(), name=f"n{n}") for n in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda node: OwnNodes(store.path).put("default", node), nodes))
    assert {node.token for node in store.list("default")} == {node.token for node in nodes}
