"""Packages: a dataset's tree, and the files in it (v1; ``contracts/core.md`` 3.4, 3.5 and 3.8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pennsieve_agent.domain.packages import Package, SourceFile
from pennsieve_agent.errors import Conflict
from pennsieve_agent.platform.decode import Fields, parse
from pennsieve_agent.platform.failures import clean
from pennsieve_agent.platform.packagecodec import decode_listed, decode_package, decode_source
from pennsieve_agent.platform.paging import by_cursor, by_offset
from pennsieve_agent.platform.surface import Surface, segment

# Named here because inside the class below "list" is the method.
_Fields = list[Fields]

PAGE = 500
LISTING_PAGE = 1000
MOST_NAMED = 10
"""How many things that failed an error names."""

_ROOT = "N:dataset:"


class Packages:
    """Folders and packages. To see them takes viewer, to change them editor."""

    def __init__(self, v1: Surface, v2: Surface) -> None:
        self._v1 = v1
        self._v2 = v2

    def get(self, package_id: str) -> Package:
        """One package or folder, with the names of the folders above it.

        Route: GET v1 /packages/{id}

        Raises:
            NotFound: there is none, or the user has no role on its dataset.

        """
        query = {"includeAncestors": "true", "limit": 1}
        return decode_package(self._v1.get_record(f"/packages/{segment(package_id)}", query))

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

    def list(
        self, dataset_id: str, *, kinds: Sequence[str] = (), file_name: str = ""
    ) -> Iterator[Package]:
        """All packages and folders of a dataset, by number, page by page.

        Route: GET v1 /datasets/{id}/packages

        ``kinds`` are package types, as ``CSV`` or ``Collection``; ``file_name`` is the exact name
        of a file in the package. The platform looks at the first and the last type alone
        (``contracts/core.md`` section 8, trap 17), so no more than two are sent and all are
        compared here.
        """
        types = ":".join(kinds) if len(kinds) <= 2 else ""  # noqa: PLR2004 - see above

        def fetch(cursor: str) -> tuple[_Fields, str]:
            query = {
                "pageSize": LISTING_PAGE,
                "types": types or None,
                "filename": file_name or None,
                "cursor": cursor or None,
            }
            page = self._v1.get_record(f"/datasets/{segment(dataset_id)}/packages", query)
            return page.records("packages"), page.text("cursor")

        packages = map(decode_listed, by_cursor(fetch))
        return (package for package in packages if not kinds or package.kind in kinds)

    def files(self, package_id: str) -> Iterator[SourceFile]:
        """The files of a package, page by page.

        Route: GET v1 /packages/{id}/sources-paged

        Raises:
            NotFound: there is no such package.

        """
        path = f"/packages/{segment(package_id)}/sources-paged"

        def fetch(offset: int) -> tuple[_Fields, bool]:
            page = self._v1.get_record(path, {"limit": PAGE, "offset": offset})
            rows = page.records("results")
            total = page.integer("totalCount")
            return rows, total is not None and offset + len(rows) >= total

        rows = by_offset(fetch, lambda row: row.record("content").need_integer("id"))
        return map(decode_source, rows)

    def url(self, package_id: str, file_number: int) -> str:
        """The address of a file's bytes, without any key, valid for 30 minutes (trap 22).

        Route: GET v1 /packages/{id}/files/{fileIntId}

        Ask late, and again when it is refused. It is never asked for in the short form, which would
        hand it to another company (3.5).

        Raises:
            Forbidden: the file was found infected, or could not be looked through.
            NotFound: there is no such file.

        """
        path = f"/packages/{segment(package_id)}/files/{segment(file_number)}"
        return self._v1.get_record(path, {"short": "false"}).need_text("url")

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

    def restore(self, dataset_id: str, ids: Iterable[str]) -> None:
        """Take deleted packages back.

        Route: POST v2 /packages/restore

        Raises:
            Conflict: some could not be restored; the message names them and the others were.

        """
        query, body = {"dataset_id": dataset_id}, {"nodeIds": list(ids)}
        answer = self._v2.call("POST", "/packages/restore", query=query, body=body)
        _refuse_failures(Fields(parse(answer), answer.where), "restored")


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
        hint="the others were; look at these and try again",
    )
