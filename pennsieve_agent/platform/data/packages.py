"""Packages: a dataset's tree, and the files in it (v1; ``contracts/core.md`` 3.4, 3.5 and 3.8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pennsieve_agent.domain.packages import Package
from pennsieve_agent.errors import Conflict
from pennsieve_agent.platform.data.package_codec import decode_package
from pennsieve_agent.platform.http.decode import Fields, parse
from pennsieve_agent.platform.http.failures import clean
from pennsieve_agent.platform.http.paging import by_offset
from pennsieve_agent.platform.http.surface import Surface, segment

# Named here because inside the class below "list" is the method.
_Fields = list[Fields]

PAGE = 500
MOST_NAMED = 10
"""How many things that failed an error names."""

_ROOT = "N:dataset:"


class Packages:
    """Folders and packages. To see them takes viewer, to change them editor."""

    def __init__(self, v1: Surface, v2: Surface) -> None:
        self._v1 = v1
        self._v2 = v2

    def children(self, parent_id: str) -> Iterator[Package]:
        """What lies in a folder, or at the root of a dataset, by name, page by page.

        Route: GET v1 /packages/{id}
        Route: GET v1 /datasets/{id}

        The platform says no total here: the list ends with a page that is not full (3.4 B).

        Raises:
            NotFound: there is no such folder, or the user has no role on its dataset.

        """
        kind = "datasets" if parent_id.startswith(_ROOT) else "packages"
        path = f"/{kind}/{segment(parent_id)}"

        def fetch(offset: int) -> tuple[_Fields, bool]:
            page = self._v1.get_record(path, {"limit": PAGE, "offset": offset})
            rows = page.records("children")
            return rows, len(rows) < PAGE

        rows = by_offset(fetch, lambda child: child.record("content").text("nodeId", "id"))
        return map(decode_package, rows)

    def create_folder(self, dataset_id: str, name: str, parent_id: str = "") -> Package:
        """Make a folder, at the root of a dataset by default. Sent once: names are not unique.

        Route: POST v1 /packages

        The platform gives another name when this one is taken; the folder says which it has.

        Raises:
            Forbidden: the user is not an editor of the dataset.
            Conflict: the dataset is locked.

        """
        body = {"name": name, "dataset": dataset_id, "packageType": "Collection", "properties": []}
        if parent_id:
            body["parent"] = parent_id
        return decode_package(self._v1.post_record("/packages", body))

    def rename(self, package_id: str, name: str) -> Package:
        """Rename a package or folder.

        Route: PUT v1 /packages/{id}

        Raises:
            Invalid: the name is taken there.
            Forbidden: the user is not an editor of the dataset.

        """
        return decode_package(
            self._v1.put_record(f"/packages/{segment(package_id)}", {"name": name})
        )

    def move(self, ids: Iterable[str], folder_id: str = "") -> None:
        """Move packages and folders into a folder of the same dataset, or to its root.

        Route: POST v1 /data/move

        Raises:
            Conflict: some could not be moved; the message names them and the others were moved.

        """
        body = {"things": list(ids)} | ({"destination": folder_id} if folder_id else {})
        answer = self._v1.call("POST", "/data/move", body=body, repeatable=True)
        _refuse_failures(Fields(parse(answer), answer.where), "moved")

    def delete(self, ids: Iterable[str]) -> None:
        """Begin to delete packages and folders with all in them; they can be restored for a while.

        Route: POST v1 /data/delete

        Raises:
            Conflict: some could not be deleted; the message names them and the others were.

        """
        body = {"things": list(ids)}
        answer = self._v1.call("POST", "/data/delete", body=body, repeatable=True)
        _refuse_failures(Fields(parse(answer), answer.where), "deleted")


def _refuse_failures(answer: Fields, done: str) -> None:
    """One error for the things that a 200 says have failed (3.8)."""
    failures = answer.records("failures")
    if not failures:
        return
    named = [clean(f"{f.text('name', 'id')} ({f.text('error') or 'no reason'})") for f in failures]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    total = len(failures) + len(answer.texts("success"))
    raise Conflict(
        f"{len(failures)} of {total} could not be {done}: {'; '.join(named[:MOST_NAMED])}{more}",
        where=answer.where,
        hint="the others were; check these and try again",
    )
