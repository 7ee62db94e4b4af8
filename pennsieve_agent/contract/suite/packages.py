"""Packages, files and download manifests (``contracts/core.md`` 3.4 to 3.8)."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import common, pseudo
from pennsieve_agent.contract.shapes import ABSENT, ISO_TIME, Either, Filled, Matching, node_id

_LIST = Section("core.md 3.4", Surface.V1)
_FILES = Section("core.md 3.5", Surface.V1)
_MANIFEST = Section("core.md 3.6", Surface.V1)
_MANIFEST_V2 = Section("core.md 3.6", Surface.V2)
_ASSETS = Section("core.md 3.7", Surface.V2)
_TREE = Section("core.md 3.8", Surface.V1)
_FLAT = "/datasets/{dataset}/packages"
_ONE = "/packages/{package}"
_ITEM = {
    "id": int,
    "nodeId": Matching("N:(package|collection):.+"),
    "name": str,
    "packageType": str,
    "datasetId": int,
    "datasetNodeId": "{dataset}",
    "ownerId?": int,
    "state": str,
    "parentId?": int,
    "createdAt": ISO_TIME,
    "updatedAt": ISO_TIME,
}
_FILE = {
    "packageId": node_id("package"),
    "id": int,
    "name": str,
    "filename": str,
    "fileType": str,
    "size": int,
    "createdAt": ISO_TIME,
    "updatedAt": ISO_TIME,
}
_FLAT_PAGE = {"packages": [{"content": _ITEM, "properties": list, "children": []}]}
_ENTRY = {
    "nodeId": node_id("package"),
    "fileName": str,
    "packageName": str,
    "path": [str],
    "url": Matching("https?://.+"),
    "size": int,
    "fileExtension?": str,
    "scanStatus?": str,
}
_ON_DATASET = {"dataset_id": "{dataset}"}
_FOLDER = {
    "name": "made",
    "dataset": "{dataset}",
    "packageType": "Collection",
    "properties": [],
}

CHECKS: list[Check] = [
    _LIST.get("all packages: the id is a number here", _FLAT, 200, Json(_FLAT_PAGE)),
    _LIST.get(
        "the next page begins with the cursor's package",
        _FLAT,
        200,
        Json({**_FLAT_PAGE, "cursor": Matching(r"package:\d+")}),
        query={"pageSize": "1"},
        hosted=False,
        keep={"cursor": "cursor"},
    ),
    _LIST.get("a second page", _FLAT, 200, Json(_FLAT_PAGE), query={"cursor": "{cursor}"}),
    _LIST.get("no cursor on the last page", _FLAT, 200, Json({"cursor": ABSENT}), hosted=False),
    _LIST.get("too large a page", _FLAT, 400, query={"pageSize": "1001"}),
    _LIST.get("a malformed cursor", _FLAT, 400, query={"cursor": "77"}),
    _LIST.get("an unknown type", _FLAT, 400, query={"types": "Colour"}),
    _LIST.get(
        "the middle of three types is lost",
        _FLAT,
        200,
        Json({"packages": [{"content": {"packageType": Either("Collection", "CSV")}}]}),
        query={"types": "Collection:Text:CSV"},
        hosted=False,
    ),
    _LIST.get(
        "by a file's own name, with its files: no bucket and no key here",
        _FLAT,
        200,
        Json(
            {
                "packages": Filled(
                    [
                        {
                            "content": {**_ITEM, "name": "a.csv", "parentId": int},
                            "objects": {
                                "source": Filled(
                                    [
                                        {
                                            "content": {
                                                **_FILE,
                                                "s3bucket": ABSENT,
                                                "s3key": ABSENT,
                                                "objectType": ABSENT,
                                            }
                                        }
                                    ]
                                )
                            },
                            "isTruncated": ABSENT,
                        }
                    ]
                )
            }
        ),
        query={"filename": "a.csv", "includeSourceFiles": "true"},
        hosted=False,
        keep={
            "package": "packages.0.content.nodeId",
            "package_int": "packages.0.content.id",
            "file": "packages.0.objects.source.0.content.id",
        },
    ),
    _LIST.get(
        "the root's collection has no parent",
        _FLAT,
        200,
        Json({"packages": Filled([{"content": {"parentId": ABSENT}}])}),
        query={"types": "Collection"},
        hosted=False,
        keep={"collection": "packages.0.content.nodeId"},
    ),
    _LIST.get(
        "one package: the id is a node id here",
        _ONE,
        200,
        Json(
            {
                "content": {
                    **_ITEM,
                    "id": "{package}",
                    "nodeId": "{package}",
                    "intId": int,
                    "datasetId": "{dataset}",
                    "datasetIntId": int,
                    "parentId?": int,
                },
                "properties": list,
                "children": [],
                "objects?": {},
            }
        ),
    ),
    _LIST.get(
        "with its files and what is above it",
        _ONE,
        200,
        Json(
            {
                "objects": {"source": [{"content": {**_FILE, "s3bucket": str, "s3key": str}}]},
                "ancestors": list,
            }
        ),
        query={"include": "sources", "includeAncestors": "true"},
    ),
    _LIST.get(
        "a collection and its children", "/packages/{collection}", 200, Json({"children": list})
    ),
    _LIST.get("a package's number is not an id", "/packages/{package_int}", 400),
    _LIST.get("an unknown package", "/packages/N:package:{nowhere}", 404, common(404)),
    _LIST.get("a package without access", _ONE, 404, asker=Asker.STRANGER),
    _LIST.get(
        "several by id, and what is unknown",
        f"{_FLAT}/batch",
        200,
        Json({"packages": list, "failures": Filled([{"id": ..., "error": str}])}),
        query={"packageId": "N:package:{nowhere}"},
    ),
    _FILES.get(
        "a package's files in pages",
        f"{_ONE}/sources-paged",
        200,
        Json(
            {
                "limit": int,
                "offset": int,
                "totalCount": 1,
                "results": [
                    {
                        "content": {
                            **_FILE,
                            "s3bucket": str,
                            "s3key": str,
                            "objectType": "source",
                            "md5?": str,
                            "scanStatus?": str,
                        }
                    }
                ],
            }
        ),
        hosted=False,
    ),
    _FILES.get("without file objects, the sources are given", f"{_ONE}/files", 200, Json([{}])),
    _FILES.get(
        "a file's address", f"{_ONE}/files/{{file}}", 200, Json({"url": Matching("https?://.+")})
    ),
    _FILES.get("an unknown file", f"{_ONE}/files/999999999", 404, common(404)),
    _FILES.get(
        "the older list of files is deprecated",
        f"{_ONE}/sources",
        200,
        headers={"Warning": "299 - .+"},
    ),
    _MANIFEST.change(
        "POST /packages/download-manifest",
        "the files of a package",
        200,
        Json(
            {
                "header": {"count": 1, "size": int, "blockedCount?": int},
                "data": Filled([{**_ENTRY, "fileName": "a.csv", "path": []}]),
            }
        ),
        body={"nodeIds": ["{package}"]},
        reads=True,
    ),
    _MANIFEST.change(
        "POST /packages/download-manifest",
        "paths begin with the collection's name",
        200,
        Json({"data": Filled([{**_ENTRY, "path": Filled([str])}])}),
        body={"nodeIds": ["{collection}"]},
        reads=True,
        hosted=False,
    ),
    _MANIFEST.change(
        "POST /packages/download-manifest",
        "an unknown id",
        400,
        common(400, ".+ not found"),
        body={"nodeIds": ["N:package:{nowhere}"]},
        reads=True,
    ),
    _MANIFEST.change(
        "POST /packages/download-manifest",
        "a dataset is not a package",
        400,
        body={"nodeIds": ["{dataset}"]},
        reads=True,
    ),
    _MANIFEST_V2.change(
        "POST /packages/download-manifest",
        "the files of a package, on v2",
        200,
        Json({"header": {"count": 1, "size": int}, "data": Filled([_ENTRY])}),
        query=_ON_DATASET,
        body={"nodeIds": ["{package}"]},
        reads=True,
    ),
    _MANIFEST_V2.change(
        "POST /packages/download-manifest",
        "an unknown id is quietly null",
        200,
        Json({"data": Either(None, [])}),
        query=_ON_DATASET,
        body={"nodeIds": ["N:package:{nowhere}"]},
        reads=True,
    ),
    _MANIFEST_V2.change(
        "POST /packages/download-manifest",
        "no ids are refused in single quotes",
        400,
        pseudo(),
        query=_ON_DATASET,
        body={"nodeIds": []},
        reads=True,
    ),
    _MANIFEST_V2.get(
        "the whole dataset's manifest is an address",
        "/datasets/manifest",
        200,
        Json({"url": Matching("https?://.+"), "s3_bucket": str, "s3_key": str}),
        query=_ON_DATASET,
    ),
    _ASSETS.change(
        "POST /packages/restore",
        "a viewer's refusal is 401 here, in single quotes",
        401,
        pseudo(),
        query=_ON_DATASET,
        body={"nodeIds": ["N:package:{nowhere}"]},
        asker=Asker.VIEWER,
    ),
    _ASSETS.change(
        "POST /packages/restore",
        "what cannot be restored is listed; without success the list is null",
        200,
        Json({"success": Either(None, []), "failures": Filled([{"id": str, "error": str}])}),
        query=_ON_DATASET,
        body={"nodeIds": ["N:package:{nowhere}"]},
    ),
    _TREE.change(
        "POST /packages",
        "a new collection",
        201,
        Json({"content": {"name": "made", "packageType": "Collection"}}),
        body=_FOLDER,
        keep={"made": "content.id"},
    ),
    _TREE.change(
        "POST /packages",
        "a name that is taken is changed",
        201,
        Json({"content": {"name": Matching(r"made \(\d+\)")}}),
        body=_FOLDER,
        keep={"made_again": "content.id"},
    ),
    _TREE.change(
        "POST /packages",
        "a viewer cannot make a collection",
        403,
        common(403),
        body=_FOLDER,
        asker=Asker.VIEWER,
    ),
    _TREE.change("PUT /packages/{made_again}", "a rename", 200, body={"name": "renamed"}),
    _TREE.change(
        "POST /data/move",
        "into a collection",
        200,
        Json({"success": ["{made_again}"], "failures": []}),
        body={"things": ["{made_again}"], "destination": "{made}"},
    ),
    _TREE.change(
        "POST /data/delete",
        "deleted",
        200,
        Json({"success": ["{made}"], "failures": []}),
        body={"things": ["{made}"]},
    ),
    _TREE.change(
        "POST /data/delete",
        "200 even if nothing could be deleted",
        200,
        Json({"success": [], "failures": Filled([{"id": str, "error": str}])}),
        body={"things": ["N:package:{nowhere}"]},
    ),
]
