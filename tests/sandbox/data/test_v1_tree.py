"""Folders made, packages renamed, moved, deleted and restored: rows and files together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.platform import Platform, Session, error


@pytest.fixture
def dataset_id(platform: Platform) -> str:
    return platform.dataset("d", "a.csv", "s/b.nii.gz", "s/deep/c.txt", "s2/b.nii.gz")


def ids(platform: Platform, dataset_id: str) -> dict[str, str]:
    """The node ids by path, which a change must not alter."""
    platform.files.sync(dataset_id)
    rows = platform.world.store.rows("SELECT path, node_id FROM packages")
    return {row["path"]: row["node_id"] for row in rows}


def on_disk(platform: Platform) -> set[str]:
    root = platform.world.datasets / "d"
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def v2(platform: Platform, method: str, path: str, dataset_id: str, **options: Any) -> Any:
    query = {"dataset_id": dataset_id, **options.pop("params", {})}
    headers = platform.ada.bearer
    return platform.v2.request(method, path, params=query, headers=headers, **options)


def folder(name: str, dataset_id: str, parent: str | None = None) -> dict[str, Any]:
    body = {"name": name, "dataset": dataset_id, "packageType": "Collection", "properties": []}
    return {**body, "parent": parent} if parent else body


def test_a_folder_gets_a_free_name(platform: Platform, dataset_id: str) -> None:
    names = []
    for _ in range(3):
        answer = platform.send("POST", "/packages", folder("new.d", dataset_id))
        assert answer.status_code == 201
        names.append(answer.json()["content"]["name"])
    assert names == ["new.d", "new.d (1)", "new.d (2)"]
    assert set(names) <= on_disk(platform)
    inside = folder("x", dataset_id, ids(platform, dataset_id)["s/deep"])
    made = platform.send("POST", "/packages", inside).json()
    assert made["parent"]["content"]["name"] == "deep"
    assert "s/deep/x" in on_disk(platform)


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a/b", "a\0b", ".DS_Store", "x" * 256])
def test_names_that_are_no_file_names(platform: Platform, dataset_id: str, name: str) -> None:
    before = on_disk(platform)
    assert error(platform.send("POST", "/packages", folder(name, dataset_id)))[0] == 400
    package = ids(platform, dataset_id)["a.csv"]
    assert error(platform.send("PUT", f"/packages/{package}", {"name": name}))[0] == 400
    assert on_disk(platform) == before


def test_renaming_keeps_ids_and_moves_the_file(platform: Platform, dataset_id: str) -> None:
    before = ids(platform, dataset_id)
    answer = platform.send("PUT", f"/packages/{before['s']}", {"name": "raw"})
    assert (answer.status_code, answer.json()["content"]["name"]) == (200, "raw")
    after = ids(platform, dataset_id)
    assert after["raw/deep/c.txt"] == before["s/deep/c.txt"]
    assert {"raw/deep/c.txt", "s2/b.nii.gz"} <= on_disk(platform)
    assert "s" not in on_disk(platform)
    number = answer.json()["content"]["intId"]
    assert platform.send("PUT", f"/packages/{number}", {"name": "s"}).status_code == 200
    assert ids(platform, dataset_id) == before
    taken = platform.send("PUT", f"/packages/{before['s']}", {"name": "s2"})
    assert error(taken) == (400, "BadRequest")
    assert error(platform.send("PUT", "/packages/99999", {"name": "x"})) == (404, "NotFound")


def test_moving(platform: Platform, dataset_id: str) -> None:
    at = ids(platform, dataset_id)
    body = {"things": [at["a.csv"], "N:package:x"], "destination": at["s/deep"]}
    answer = platform.send("POST", "/data/move", body).json()
    assert answer["success"] == [at["a.csv"]]
    assert answer["failures"] == [{"id": "N:package:x", "error": "N:package:x not found"}]
    assert answer["destination"] == at["s/deep"]
    assert ids(platform, dataset_id)["s/deep/a.csv"] == at["a.csv"]
    root = platform.send("POST", "/data/move", {"things": [at["s/deep"]]}).json()
    assert "destination" not in root
    assert ids(platform, dataset_id)["deep/a.csv"] == at["a.csv"]
    clash = {"things": [at["s/b.nii.gz"]], "destination": at["s2"]}
    (failure,) = platform.send("POST", "/data/move", clash).json()["failures"]
    assert failure["generatedName"] == "b (1).nii.gz"
    inside = {"things": [at["s"]], "destination": at["s"]}
    assert platform.send("POST", "/data/move", inside).json()["success"] == []
    into_file = {"things": [at["s"]], "destination": at["a.csv"]}
    assert error(platform.send("POST", "/data/move", into_file)) == (400, "BadRequest")


def test_deleting_is_soft_and_answers_200(platform: Platform, dataset_id: str) -> None:
    at = ids(platform, dataset_id)
    all_failed = platform.send("POST", "/data/delete", {"things": ["N:package:x", "x", dataset_id]})
    assert all_failed.status_code == 200
    assert all_failed.json()["success"] == []
    assert len(all_failed.json()["failures"]) == 3
    answer = platform.send("POST", "/data/delete", {"things": [at["s"], at["s"]]})
    assert answer.json() == {"success": [at["s"]], "failures": []}
    assert on_disk(platform) == {"a.csv", "s2", "s2/b.nii.gz"}
    kept = list((platform.world.data / "trash").rglob("c.txt"))
    assert [path.read_text() for path in kept] == ["s/deep/c.txt"]
    assert platform.get(f"/packages/{at['s/deep/c.txt']}").status_code == 404
    assert error(platform.send("POST", "/data/delete", {"things": "x"})) == (400, "BadRequest")


def test_the_trash_gives_back(platform: Platform, dataset_id: str) -> None:
    at = ids(platform, dataset_id)
    platform.send("POST", "/data/delete", {"things": [at["s"], at["a.csv"]]})
    page = v2(platform, "GET", "/datasets/trashcan", dataset_id).json()
    assert (page["limit"], page["totalCount"]) == (10, 2)
    assert [each["name"] for each in page["packages"]] == ["a.csv", "s"]
    below = v2(platform, "GET", "/datasets/trashcan", dataset_id, params={"root_node_id": at["s"]})
    assert [each["name"] for each in below.json()["packages"]] == ["b.nii.gz", "deep"]
    (platform.world.datasets / "d" / "a.csv").write_text("another one")
    body = {"nodeIds": [at["s"], at["a.csv"], at["s/deep"], "N:package:x"]}
    answer = v2(platform, "POST", "/packages/restore", dataset_id, json=body).json()
    assert answer["success"] == [at["s"], at["a.csv"]]
    assert [each["id"] for each in answer["failures"]] == [at["s/deep"], "N:package:x"]
    now = ids(platform, dataset_id)
    assert (now["s/deep/c.txt"], now["a (1).csv"]) == (at["s/deep/c.txt"], at["a.csv"])
    assert v2(platform, "GET", "/datasets/trashcan", dataset_id).json()["packages"] == []


def test_a_folder_that_is_gone_is_made_again(platform: Platform, dataset_id: str) -> None:
    at = ids(platform, dataset_id)
    platform.send("POST", "/data/delete", {"things": [at["s/deep"]]})
    platform.send("POST", "/data/delete", {"things": [at["s"]]})
    body = {"nodeIds": [at["s/deep"]]}
    answer = v2(platform, "POST", "/packages/restore", dataset_id, json=body)
    assert answer.json()["success"] == [at["s/deep"]]
    now = ids(platform, dataset_id)
    assert now["s/deep/c.txt"] == at["s/deep/c.txt"]
    assert now["s"] != at["s"]


def test_who_may_change_the_tree(platform: Platform, dataset_id: str) -> None:
    at = ids(platform, dataset_id)
    viewer, editor, stranger = (platform.person(name) for name in ("vi", "ed", "st"))
    platform.share(dataset_id, viewer, "viewer")
    platform.share(dataset_id, editor, "editor")

    def tries(who: Session) -> list[int]:
        return [
            platform.send("POST", "/packages", folder("x", dataset_id), who).status_code,
            platform.send("PUT", f"/packages/{at['s']}", {"name": "s"}, who).status_code,
            len(platform.send("POST", "/data/move", {"things": [at["s"]]}, who).json()["success"]),
            len(
                platform.send("POST", "/data/delete", {"things": [at["a.csv"]]}, who).json()[
                    "success"
                ]
            ),
        ]

    assert tries(stranger) == [404, 404, 0, 0]
    assert tries(viewer) == [403, 403, 0, 0]
    assert tries(editor) == [201, 200, 1, 1]


def test_a_locked_dataset_is_not_changed(platform: Platform, dataset_id: str) -> None:
    at = ids(platform, dataset_id)
    platform.world.store.execute(
        "INSERT INTO dataset_settings (dataset_int_id, is_locked) SELECT int_id, 1 FROM datasets"
    )
    assert platform.get(f"/datasets/{dataset_id}").json()["locked"] is True
    assert error(platform.send("POST", "/packages", folder("x", dataset_id))) == (423, "Locked")
    renamed = platform.send("PUT", f"/packages/{at['s']}", {"name": "t"})
    assert error(renamed) == (423, "Locked")
    assert platform.send("POST", "/data/delete", {"things": [at["s"]]}).json()["success"] == []
    assert error(platform.send("DELETE", f"/datasets/{dataset_id}")) == (423, "Locked")
    assert error(platform.send("PUT", f"/datasets/{dataset_id}", {})) == (423, "Locked")
    assert Path(platform.world.datasets / "d" / "s").is_dir()
