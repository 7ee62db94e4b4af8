"""Making folders; renaming, moving and deleting packages (``contracts/core.md`` 3.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.access import named_dataset, package, unlocked
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.folders.tree import Tree, is_usable
from pennsieve_agent.sandbox.data.packages.packages import one_json
from pennsieve_agent.sandbox.data.v1_answers import (
    counted,
    json_object,
    optional_text,
    present,
    refusal,
    text,
)
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Refusal, Request, Response, Route, Scheme

MAX_NAME = 256
MAX_THINGS = 10_000


class PackageChanges:
    """The routes that change the tree of a dataset."""

    def __init__(self, world: World, files: DatasetFiles) -> None:
        self._world = world
        self._files = files
        self._tree = Tree(world, files)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", "/packages", Scheme.USER, self.create),
            Route("PUT", "/packages/<id>", Scheme.USER, self.rename),
            Route("POST", "/data/move", Scheme.USER, self.move),
            Route("POST", "/data/delete", Scheme.USER, self.delete),
        ]

    def create(self, request: Request) -> Response:
        """A collection; a name that is taken becomes another one, which the answer has."""
        body = json_object(request)
        name = _name(body)
        if body.get("packageType") != "Collection":
            raise refusal(400, "only packageType Collection can be created here")
        dataset_id = text(body, "dataset", 256)
        dataset = unlocked(self._world, named_dataset(self._world, request.caller, dataset_id))
        parent_id = optional_text(body, "parent", 256)
        parent = self._collection(request, parent_id) if parent_id else None
        if parent is not None and parent["dataset_int_id"] != dataset["int_id"]:
            raise refusal(400, f"{parent_id} is not in {dataset['node_id']}")
        folder = self._tree.make_folder(dataset["node_id"], parent, name)
        return self._answer(201, request, folder)

    def rename(self, request: Request) -> Response:
        """Rename a package, named by node id or by number, and its file on disk."""
        row, dataset = self._package(request, self._node_id(request.params["id"]))
        body = json_object(request)
        if "name" in body:
            try:
                self._tree.rename(dataset["node_id"], row, _name(body))
            except FileExistsError as error:
                raise refusal(400, f"package name must be unique: {body['name']}") from error
        return self._answer(200, request, row["node_id"])

    def move(self, request: Request) -> Response:
        """Move packages into a collection, or to the root of their dataset."""
        body = json_object(request)
        destination = optional_text(body, "destination", 256)
        parent = self._collection(request, destination) if destination else None

        def one(package_id: str) -> None:
            row, dataset = self._package(request, package_id)
            if parent is not None and parent["dataset_int_id"] != dataset["int_id"]:
                raise refusal(400, "a package cannot be moved to another dataset")
            self._tree.move(dataset["node_id"], row, parent)

        return Response(200, present({**_change_all(body, one), "destination": destination}))

    def delete(self, request: Request) -> Response:
        """Delete packages: 200, whatever became of them. The files go to the trash."""

        def one(package_id: str) -> None:
            row, dataset = self._package(request, package_id)
            self._tree.delete(dataset["node_id"], row)

        return Response(200, _change_all(json_object(request), one))

    def _package(self, request: Request, package_id: str) -> tuple[Row, Row]:
        package_row = package(self._files, self._world, request.caller, package_id, Role.EDITOR)
        unlocked(self._world, package_row[1])
        return package_row

    def _collection(self, request: Request, package_id: str) -> Row:
        row, _ = self._package(request, package_id)
        if not row["is_folder"]:
            raise refusal(400, f"{package_id} is not a collection")
        return row

    def _node_id(self, package_id: str) -> str:
        if not (package_id.isascii() and package_id.isdigit()):
            return package_id
        row = self._world.store.row(
            "SELECT node_id FROM packages WHERE int_id = ?", (counted(package_id, "id"),)
        )
        if row is None:
            raise refusal(404, f"Package ({package_id}) not found")
        return str(row["node_id"])

    def _answer(self, status: int, request: Request, package_id: str) -> Response:
        row, dataset = package(self._files, self._world, request.caller, package_id)
        return Response(status, one_json(self._world.store, row, dataset, request))


def _name(body: dict[str, Any]) -> str:
    name = text(body, "name", MAX_NAME).strip()
    if not is_usable(name):
        raise refusal(400, "package name must be a usable file name")
    return name


def _change_all(body: dict[str, Any], change: Callable[[str], None]) -> dict[str, Any]:
    """Change things one by one; failures are listed in the answer and stop nothing."""
    things = body.get("things")
    if not isinstance(things, list) or not all(isinstance(thing, str) for thing in things):
        raise refusal(400, "things must be a list of strings")
    if len(things) > MAX_THINGS:
        raise refusal(400, f"things must be at most {MAX_THINGS}")
    success: list[str] = []
    failures: list[dict[str, Any]] = []
    for thing in dict.fromkeys(things):
        try:
            change(thing)
        except Refusal as error:
            failures.append({"id": thing, "error": error.response.body["message"]})
        except FileExistsError as error:
            taken = {"error": "the name is taken", "generatedName": str(error)}
            failures.append({"id": thing, **taken})
        except (ValueError, OSError) as error:
            failures.append({"id": thing, "error": str(error)})
        else:
            success.append(thing)
    return {"success": success, "failures": failures}
