from __future__ import annotations

import tracemalloc
from itertools import islice
from typing import Any

import pytest

from pennsieve_agent.domain.datasets import DataFile, Role
from pennsieve_agent.errors import Invalid, NotFound, PlatformError
from pennsieve_agent.platform.data.tree import Package, SourceFile, Tree, safe_name
from tests.fakes.scripted_platform import scripted

D = "N:dataset:d"


def dataset(number: int, **more: Any) -> dict[str, Any]:
    content = {"id": f"N:dataset:{number}", "intId": number, "name": f"Dataset {number}"}
    return {"content": content, "role": "manager", **more}


def folder(number: int, name: str, parent: int | None = None, **more: Any) -> dict[str, Any]:
    content = {
        "id": number,
        "nodeId": f"N:collection:{number}",
        "name": name,
        "packageType": "Collection",
        "state": "READY",
        **({"parentId": parent} if parent is not None else {}),
        **more,
    }
    return {"content": content, "properties": [], "children": []}


def package(
    number: int,
    *files: str,
    parent: int | None = None,
    name: str | None = None,
    state: str = "READY",
) -> dict[str, Any]:
    item = folder(number, name or (files[0] if files else "empty"), parent, state=state)
    item["content"] |= {"nodeId": f"N:package:{number}", "packageType": "CSV"}
    sources = [{"content": {"id": 1, "name": f, "filename": f, "size": 10}} for f in files]
    return item | {"objects": {"source": sources}}


def listing(*items: dict[str, Any], cursor: str | None = None) -> dict[str, Any]:
    return {"packages": list(items)} | ({"cursor": cursor} if cursor else {})


def paths_of(*items: dict[str, Any]) -> dict[str, str]:
    """The paths of a listing's files, and the packages they belong to."""
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", listing(*items))
        return {file.path: file.package_id for file in platform.datasets.files(D)}


def test_a_dataset_with_everything() -> None:
    content = {"id": D, "intId": 12, "name": "EEG", "description": "x", "updatedAt": "2026-01-02"}
    answer = {"content": content, "role": "owner", "storage": 123, "locked": True}
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}", answer, query={"limit": "1"})
        found = platform.datasets.get(D)
    assert (found.id, found.int_id, found.name, found.role) == (D, 12, "EEG", Role.OWNER)
    assert (found.size, found.locked, found.updated_at) == (123, True, "2026-01-02T00:00:00.000Z")


def test_a_dataset_with_the_least() -> None:
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}", {"content": {"id": D, "intId": "12"}})
        found = platform.datasets.get(D)
    assert (found.role, found.size, found.locked) == (Role.UNKNOWN, None, False)


def test_no_role_on_a_dataset_looks_like_no_dataset() -> None:
    body = {"type": "NotFound", "message": "Dataset (12) not found", "code": 404}
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}", body, status=404)
        with pytest.raises(NotFound, match=r"Dataset \(12\) not found"):
            platform.datasets.get(D)


def test_an_id_cannot_leave_its_place_in_the_address() -> None:
    with scripted() as (script, platform):
        script.on("GET v1/datasets/../user?x", {"content": {"id": "a", "intId": 1}})
        platform.datasets.get("../user?x")
        assert script.requests[0].url.raw_path.startswith(b"/datasets/..%2Fuser%3Fx?")
        with pytest.raises(Invalid, match="empty"):
            platform.datasets.get("")


def test_list_goes_on_by_what_came_not_by_the_limit_the_server_echoes() -> None:
    first = [dataset(n) for n in range(300)]  # clamped below what we asked for
    with scripted() as (script, platform):
        script.on(
            "GET v1/datasets/paginated",
            {"limit": 500, "offset": 0, "totalCount": 301, "datasets": first},
            query={"limit": "500", "offset": "0", "orderBy": "Name", "orderDirection": "Asc"},
        )
        script.on(
            "GET v1/datasets/paginated",
            {"limit": 500, "offset": 300, "totalCount": 301, "datasets": [dataset(300)]},
            query={"limit": "500", "offset": "300", "orderBy": "Name", "orderDirection": "Asc"},
        )
        assert [d.int_id for d in platform.datasets.list()] == list(range(301))


def test_list_asks_for_the_next_page_only_when_it_is_wanted() -> None:
    page = {"totalCount": 1000, "datasets": [dataset(n) for n in range(500)]}
    with scripted() as (script, platform):
        script.on("GET v1/datasets/paginated", page)
        assert len(list(islice(platform.datasets.list(), 500))) == 500


def test_list_shows_a_dataset_that_moved_between_pages_once() -> None:
    with scripted() as (script, platform):
        script.on(
            "GET v1/datasets/paginated", {"totalCount": 3, "datasets": [dataset(1), dataset(2)]}
        )
        script.on("GET v1/datasets/paginated", {"totalCount": 3, "datasets": [dataset(2)]})
        assert [d.int_id for d in platform.datasets.list()] == [1, 2]


def test_list_ends_when_a_server_without_a_total_repeats_itself() -> None:
    with scripted() as (script, platform):
        script.on("GET v1/datasets/paginated", {"datasets": [dataset(1)]})
        script.on("GET v1/datasets/paginated", {"datasets": [dataset(1)]})
        assert len(list(platform.datasets.list())) == 1


def test_list_of_nothing() -> None:
    with scripted() as (script, platform):
        script.on("GET v1/datasets/paginated", {"totalCount": 0, "datasets": None})
        assert list(platform.datasets.list()) == []


def test_files_follow_the_inclusive_cursor() -> None:
    with scripted() as (script, platform):
        script.on(
            f"GET v1/datasets/{D}/packages",
            listing(package(1, "a.csv"), cursor="package:2"),
            query={"pageSize": "1000", "includeSourceFiles": "true"},
        )
        script.on(
            f"GET v1/datasets/{D}/packages",
            listing(package(2, "b.csv")),
            query={"pageSize": "1000", "includeSourceFiles": "true", "cursor": "package:2"},
        )
        found = list(platform.datasets.files(D))
    assert found == [DataFile("N:package:1", "a.csv", 10), DataFile("N:package:2", "b.csv", 10)]


def test_files_of_a_server_that_goes_round_in_circles() -> None:
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", listing(package(1, "a"), cursor="package:1"))
        script.on(f"GET v1/datasets/{D}/packages", listing(package(1, "a"), cursor="package:1"))
        with pytest.raises(PlatformError, match="repeats the same page"):
            list(platform.datasets.files(D))


def test_a_folder_may_come_after_what_is_in_it() -> None:
    found = paths_of(
        package(1, "a.csv", parent=9),
        folder(8, "sub", parent=10),
        package(2, "b.csv", parent=8),
        folder(9, "late"),
        folder(10, "top"),
    )
    assert found == {"late/a.csv": "N:package:1", "top/sub/b.csv": "N:package:2"}


def test_the_numeric_id_is_the_place_and_the_node_id_the_package() -> None:
    # In this listing content.id is the number; in the other it is the node id.
    assert paths_of(folder(7, "f"), package(8, "a.csv", parent=7)) == {"f/a.csv": "N:package:8"}


def test_a_package_of_several_files_is_a_folder_as_in_download_manifests() -> None:
    found = paths_of(folder(7, "f"), package(8, "a.img", "a.hdr", parent=7, name="scan"))
    assert list(found) == ["f/scan/a.img", "f/scan/a.hdr"]


def test_files_of_packages_and_folders_and_what_is_gone() -> None:
    items = (
        folder(5, "raw"),
        folder(6, "deep", parent=5),
        package(1, "a", parent=6),
        package(2, "b"),
        package(3, "raw"),
    )
    ids = ("N:collection:5", "N:package:2", "N:package:9")
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", listing(*items))
        held = platform.datasets.files_of(D, ids)
    assert [file.path for file in held.files] == ["b", "raw/deep/a"]
    assert held.missing == ("N:package:9",)


def test_a_size_that_is_not_told_is_unknown() -> None:
    item = package(1, "a")
    del item["objects"]["source"][0]["content"]["size"]
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", listing(item))
        (file,) = platform.datasets.files(D)
    assert file.size is None


def test_a_file_is_called_by_its_own_name_not_its_packages() -> None:
    assert list(paths_of(package(1, "scan1.edf", name="Scan 1"))) == ["scan1.edf"]


def test_a_file_without_a_name_is_called_by_its_package() -> None:
    item = package(1, "x", name="Scan 1")
    item["objects"]["source"][0]["content"] = {"id": 1, "size": None}
    assert list(paths_of(item)) == ["Scan 1"]


def test_a_package_without_files_gives_none() -> None:
    assert paths_of(package(1), folder(2, "empty")) == {}


def test_names_cannot_leave_their_folder() -> None:
    found = paths_of(folder(7, ".."), package(8, "../../etc/passwd", parent=7))
    assert list(found) == ["__/.._.._etc_passwd"]
    assert [safe_name(n) for n in ("..", ".", "", "a/b", "c\\d", ".bashrc")] == [
        "__",
        "_",
        "_",
        "a_b",
        "c\\d",
        ".bashrc",
    ]


def test_what_is_being_deleted_is_left_out() -> None:
    assert paths_of(package(1, "a", state="DELETING"), package(2, "b", state="DELETED")) == {}


def test_a_state_of_another_type_hides_nothing() -> None:
    item = package(1, "a.txt")
    item["content"]["state"] = ["READY"]
    assert list(paths_of(item)) == ["a.txt"]


def test_files_whose_folder_is_gone_are_left_out_with_a_note() -> None:
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", listing(package(1, "a", parent=99)))
        assert list(platform.datasets.files(D)) == []
    assert script.notes == ["1 packages are left out, because their folders no longer exist"]


def test_folders_that_contain_each_other_are_left_out() -> None:
    assert (
        paths_of(folder(1, "a", parent=2), folder(2, "b", parent=1), package(3, "c", parent=1))
        == {}
    )


def test_a_package_with_more_files_than_the_listing_holds_is_read_in_full() -> None:
    item = package(1, "0.dcm", "1.dcm", name="series") | {"isTruncated": True}

    def results(numbers: range) -> dict[str, Any]:
        rows = [{"content": {"id": n, "filename": f"{n}.dcm", "size": n}} for n in numbers]
        return {"limit": 500, "offset": 0, "totalCount": 502, "results": rows}

    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", listing(item))
        path = "GET v1/packages/N:package:1/sources-paged"
        script.on(path, results(range(500)), query={"limit": "500", "offset": "0"})
        script.on(path, results(range(500, 502)), query={"limit": "500", "offset": "500"})
        found = list(platform.datasets.files(D))
    assert len(found) == 502
    assert found[-1] == DataFile("N:package:1", "series/501.dcm", 501)


def test_files_are_given_while_the_listing_is_being_read() -> None:
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", listing(package(1, "a"), cursor="package:2"))
        files = platform.datasets.files(D)
        assert next(files).path == "a"
        script.on(f"GET v1/datasets/{D}/packages", listing(package(2, "b")))
        assert [file.path for file in files] == ["b"]


def test_thirty_thousand_packages_leave_only_their_folders_in_memory() -> None:
    tree = Tree()
    folders = [Package(n, f"N:collection:{n}", f"f{n}", None, is_folder=True) for n in range(100)]
    assert [file for item in folders for file in tree.add(item)] == []
    tracemalloc.start()
    for n in range(30_000):
        (file,) = tree.add(
            Package(
                n, "N:package:x", "p", n % 100, is_folder=False, files=(SourceFile("a.csv", 1),)
            )
        )
        assert file.path == f"f{n % 100}/a.csv"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ([], "the answer"),
        ({"packages": {}}, "packages"),
        ({"packages": ["x"]}, "packages"),
        ({"packages": [{}]}, "content"),
        ({"packages": [{"content": {"id": 1}}]}, "nodeId"),
        ({"packages": [{"content": {"nodeId": "N:package:1", "id": "x"}}]}, "id"),
    ],
)
def test_an_unexpected_listing_names_the_call_and_the_field(answer: object, field: str) -> None:
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", answer)
        with pytest.raises(PlatformError, match=f"unexpected answer.*'{field}'") as caught:
            list(platform.datasets.files(D))
    assert "GET https://api.test/datasets/" in (caught.value.where or "")
