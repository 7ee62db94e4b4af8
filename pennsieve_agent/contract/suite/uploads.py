"""Upload manifests and keys (``contracts/core.md`` 4.1, 4.2, 4.4; objects are tested elsewhere)."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import capital, message
from pennsieve_agent.contract.shapes import ABSENT, UUID, Either, Filled

_MANIFESTS = Section("core.md 4.1", Surface.V2)
_KEYS = Section("core.md 4.2", Surface.V2)
_FINALIZE = Section("core.md 4.4", Surface.V2)
_PATH = "/upload/manifest"
_ON_DATASET = {"dataset_id": "{dataset}"}
_NOT_ALLOWED = message("User is not authorized to perform this action on the dataset.")

CHECKS: list[Check] = [
    _MANIFESTS.get(
        "the manifests of a dataset; none is null",
        _PATH,
        200,
        Json({"manifests": Either(None, [{}])}),
        query=_ON_DATASET,
    ),
    _MANIFESTS.change(
        f"POST {_PATH}",
        "a new manifest, in snake case, with null for no files",
        200,
        Json(
            {
                "manifest_node_id": UUID,
                "nr_files_updated": 0,
                "nr_files_removed": 0,
                "updated_files": None,
                "failed_files": None,
                "manifestNodeId": ABSENT,
            }
        ),
        query=_ON_DATASET,
        body={"dataset_id": "{dataset}", "files": []},
        keep={"manifest": "manifest_node_id"},
    ),
    _MANIFESTS.change(
        f"POST {_PATH}",
        "a new file is status 0, and is answered as a number",
        200,
        Json({"nr_files_updated": 1, "updated_files": Filled([{"upload_id": str, "status": int}])}),
        query=_ON_DATASET,
        body={
            "id": "{manifest}",
            "dataset_id": "{dataset}",
            "files": [
                {"upload_id": "{nowhere}", "target_path": "", "target_name": "a", "status": 0}
            ],
        },
    ),
    _MANIFESTS.change(
        f"POST {_PATH}",
        "a viewer cannot upload: the service's own 403",
        403,
        _NOT_ALLOWED,
        query=_ON_DATASET,
        body={"dataset_id": "{dataset}", "files": []},
        asker=Asker.VIEWER,
    ),
    _MANIFESTS.change(
        f"POST {_PATH}",
        "a body that is not JSON, in capital letters",
        400,
        capital(400),
        query=_ON_DATASET,
        body=b"{",
    ),
    _KEYS.change(
        f"POST {_PATH}/storage-credentials",
        "a manifest's id must be one",
        400,
        capital(400),
        query=_ON_DATASET,
        body={"manifestNodeId": "x"},
    ),
    _KEYS.change(
        f"POST {_PATH}/storage-credentials",
        "an unknown manifest",
        404,
        capital(404),
        query=_ON_DATASET,
        body={"manifestNodeId": "{nowhere}"},
    ),
    _FINALIZE.change(
        f"POST {_PATH}/files/finalize",
        "an unknown manifest to finalize",
        404,
        capital(404),
        query=_ON_DATASET,
        body={
            "manifestNodeId": "{nowhere}",
            "files": [{"uploadId": "{nowhere}", "size": 1, "sha256": "x"}],
        },
    ),
]
