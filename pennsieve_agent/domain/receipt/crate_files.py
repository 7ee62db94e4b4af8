"""The files and the parameters of a run in its RO-Crate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from mimetypes import guess_type
from urllib.parse import quote

from pennsieve_agent.domain.receipt.crate_graph import Graph, ref, refs
from pennsieve_agent.domain.receipt.form import NAME, Json, Receipt

WORKFLOW_FILE = "workflow.json"


@dataclass(frozen=True, slots=True)
class Beside:
    """The names of the files beside the crate.

    ``results`` is the folder of the dataset in which the crate lies beside the results, "" for the
    dataset itself; None where they do not lie beside it.
    """

    receipt: str = NAME
    workflow: str = WORKFLOW_FILE
    page: str = ""
    results: str | None = None


class CrateFiles:
    """The files of a crate, each once."""

    def __init__(self, graph: Graph, beside: Beside, receipt: Receipt) -> None:
        self._graph, self._folder = graph, beside.results
        self._host, self._dataset = receipt["host"], receipt["dataset"]["id"]
        self._at = receipt["made_at"]
        self.ids: list[str] = []

    def add(self, rows: Iterable[Json] | None, *, results: bool = False) -> list[str]:
        """The ids of files, which are added where they are not there yet."""
        return [self._one(row, is_result=results) for row in rows or ()]

    def _one(self, row: Json, *, is_result: bool) -> str:
        path, package = str(row["path"]), str(row.get("package_id") or "")
        id_, is_data = self._id(path, package, is_result=is_result)
        if id_ in self._graph:
            return id_
        self._graph.add(
            {
                "@id": id_,
                "@type": "File" if is_data else "CreativeWork",
                "name": path.rpartition("/")[2] or path,
                "alternateName": path,
                "encodingFormat": guess_type(path)[0] or "application/octet-stream",
                "contentSize": None if row.get("size") is None else str(row["size"]),
                "sdDatePublished": self._at if "://" in id_ else None,
                "sha256": row.get("sha256"),
                "identifier": [value for value in (package, row.get("checksum")) if value],
            }
        )
        if is_data:
            self.ids.append(id_)
        return id_

    def _id(self, path: str, package: str, *, is_result: bool) -> tuple[str, bool]:
        """Where a file is, and whether it is data of the crate: it can be got from there."""
        if is_result and self._folder is not None:
            return quote(path.removeprefix(f"{self._folder.strip('/')}/")), True
        if package:
            return f"{self._host}/packages/{quote(package, safe=':')}#{quote(path)}", True
        if self._dataset:
            return f"{self._host}/datasets/{quote(self._dataset, safe=':')}#{quote(path)}", True
        return f"#file/{quote(path)}", False


def add_file_parameters(graph: Graph, objects: list[str], results: list[str]) -> None:
    """The parameters of the workflow that stand for the files which it read and wrote."""
    for id_, name, rows in (("#input", "input", objects), ("#result", "result", results)):
        # Only what is data of the crate can be the example of a parameter.
        ids = [one for one in rows if graph[one]["@type"] == "File"]
        if ids:
            graph.add(
                {
                    "@id": id_,
                    "@type": "FormalParameter",
                    "name": name,
                    "additionalType": "File",
                    "multipleValues": "True",
                    "workExample": refs(ids),
                }
            )
            for one in ids:
                graph[one]["exampleOfWork"] = ref(id_)


def add_parameters(graph: Graph, parameters: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The values of the steps' parameters, each with the parameter that it is of."""
    ids = []
    for step, values in parameters.items():
        for name, value in values.items():
            key = f"{quote(step, safe='')}/{quote(name, safe='')}"
            graph.add(
                {
                    "@id": f"#parameter/{key}",
                    "@type": "FormalParameter",
                    "name": name,
                    "additionalType": "Text",
                    "workExample": ref(f"#value/{key}"),
                }
            )
            graph.add(
                {
                    "@id": f"#value/{key}",
                    "@type": "PropertyValue",
                    "name": name,
                    "value": value,
                    "exampleOfWork": ref(f"#parameter/{key}"),
                }
            )
            ids.append(f"#value/{key}")
    return ids
