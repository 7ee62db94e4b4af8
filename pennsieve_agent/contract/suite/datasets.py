"""Datasets and who may use them (``contracts/core.md`` 0.3, 3.1 to 3.3)."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import common
from pennsieve_agent.contract.shapes import ABSENT, ISO_TIME, Either, Filled, Only, node_id

_LIST = Section("core.md 3.1", Surface.V1)
_ERRORS = Section("core.md 0.3", Surface.V1)
_SHARING = Section("core.md 3.3", Surface.V1)
_ROLES = Either("guest", "viewer", "editor", "manager", "owner")
_ONE = "/datasets/{dataset}"
_USERS = f"{_ONE}/collaborators/users"
_PAGE = "/datasets/paginated"
_NOWHERE = "/datasets/N:dataset:{nowhere}"
_CONTENT = {
    "id": node_id("dataset"),
    "intId": int,
    "name": str,
    "description?": str,
    "state": str,
    "createdAt": ISO_TIME,
    "updatedAt": ISO_TIME,
    "packageType": "DataSet",
    "datasetType": str,
    "status": str,
    "automaticallyProcessPackages": bool,
    "license?": str,
    "tags": [str],
    "dataUseAgreementId?": int,
}
DATASET = {
    "content": _CONTENT,
    "organization": node_id("organization"),
    "owner": node_id("user"),
    "role?": _ROLES,
    "collaboratorCounts": {"users": int, "organizations": int, "teams": int},
    "storage?": int,
    "status": {"id": int, "name": str, "displayName": str, "color": str, "inUse": bool},
    "publication": {},
    "properties": list,
    "canPublish": bool,
    "locked": bool,
    "bannerPresignedUrl?": str,
}
_LISTED = {
    "limit": int,
    "offset": int,
    "totalCount": int,
    "datasets": [{**DATASET, "children?": list}],
}

CHECKS: list[Check] = [
    _LIST.get("a page of datasets", _PAGE, 200, Json({**_LISTED, "limit": 25, "offset": 0})),
    _LIST.get(
        "the limit is echoed as it was asked, though 500 is the most",
        _PAGE,
        200,
        Json({**_LISTED, "limit": 700}),
        query={"limit": "700"},
    ),
    _LIST.get(
        "an offset behind the end",
        _PAGE,
        200,
        Json({**_LISTED, "offset": 100000, "datasets": []}),
        query={"offset": "100000"},
    ),
    _LIST.get(
        "sorted by name",
        _PAGE,
        200,
        Json(_LISTED),
        query={"orderBy": "Name", "orderDirection": "Desc"},
    ),
    _LIST.get(
        "a first word finds a dataset",
        _PAGE,
        200,
        Json({"datasets": Filled([{"content": {"id": "{dataset}"}}])}),
        query={"query": "{dataset_word}"},
        hosted=False,
    ),
    _LIST.get(
        "punctuation is dropped, so that a name may not find itself",
        _PAGE,
        200,
        Json({"totalCount": 0}),
        query={"query": "{dataset_name}"},
        hosted=False,
    ),
    _LIST.get(
        "only the caller's own",
        _PAGE,
        200,
        Json({"datasets": [{"role": "owner"}]}),
        query={"onlyMyDatasets": "true"},
    ),
    _LIST.get(
        "one's own and an exact role do not go together",
        _PAGE,
        400,
        common(400),
        query={"onlyMyDatasets": "true", "withRole": "viewer"},
    ),
    _LIST.get("a limit that is not a number", _PAGE, 400, query={"limit": "many"}),
    _LIST.get("an unknown order", _PAGE, 400, query={"orderBy": "Colour"}),
    _LIST.get(
        "a stranger does not see it",
        _PAGE,
        200,
        Json({"datasets": []}),
        query={"query": "{dataset_word}"},
        asker=Asker.STRANGER,
    ),
    _LIST.get(
        "the whole list is deprecated",
        "/datasets",
        200,
        Json([DATASET]),
        headers={"Warning": r"299 - .+"},
    ),
    _LIST.get(
        "one dataset, with its children and an ETag",
        _ONE,
        200,
        Json({**DATASET, "children": list, "content": {**_CONTENT, "id": "{dataset}"}}),
        headers={"ETag": ".+"},
        keep={"dataset_int": "content.intId"},
    ),
    _LIST.get("its role is deprecated", f"{_ONE}/role", 200, headers={"Warning": "299 - .+"}),
    _LIST.get(
        "and so are its counts",
        f"{_ONE}/packageTypeCounts",
        200,
        Json({}),
        headers={"Warning": "299 - .+"},
    ),
    _ERRORS.get("an unknown dataset", _NOWHERE, 404, common(404)),
    _ERRORS.get("a dataset's number is not an id", "/datasets/{dataset_int}", 400, common(400)),
    _ERRORS.get(
        "no role at all is 404, not 403",
        _ONE,
        404,
        common(404, r"Dataset \(\d+\) not found"),
        asker=Asker.STRANGER,
    ),
    _ERRORS.change(
        f"PUT {_ONE}",
        "a viewer cannot edit it",
        403,
        common(403),
        body={"name": "x"},
        asker=Asker.VIEWER,
    ),
    _ERRORS.change(f"DELETE {_ONE}", "a viewer cannot delete it", 403, asker=Asker.VIEWER),
    _ERRORS.change(
        f"PUT {_ONE}",
        "a stale If-Match",
        412,
        common(412),
        sent={"If-Match": '"1"'},
        body={"name": "{dataset_name}"},
    ),
    _LIST.change(
        "POST /datasets",
        "a new dataset",
        201,
        Json({**DATASET, "role": "owner"}),
        body={"name": "Contract new {nowhere}", "properties": [], "tags": ["a"]},
        keep={"new_dataset": "content.id"},
    ),
    _LIST.change(
        "POST /datasets",
        "names are unique",
        400,
        common(400, "dataset name must be unique"),
        body={"name": "Contract new {nowhere}", "properties": [], "tags": []},
    ),
    _LIST.change(
        "POST /datasets",
        "names are not empty",
        400,
        common(400, "dataset name must not be empty"),
        body={"name": " ", "properties": [], "tags": []},
    ),
    _LIST.change("POST /datasets", "a body that is not JSON", 400, body=b"{"),
    _LIST.change(
        "PUT /datasets/{new_dataset}",
        "a description",
        200,
        Json({"content": {"description": "x", "license": ABSENT}}),
        body={"description": "x"},
        headers={"ETag": ".+"},
    ),
    _LIST.change("DELETE /datasets/{new_dataset}", "a dataset is deleted", 200),
    _LIST.get("a deleted dataset", "/datasets/{new_dataset}", 404, common(404), reads=False),
    _SHARING.get(
        "who has a role",
        _USERS,
        200,
        Json(
            Filled(
                [
                    Only(
                        {
                            "id": node_id("user"),
                            "firstName": str,
                            "lastName": str,
                            "email": str,
                            "role": _ROLES,
                        }
                    )
                ]
            )
        ),
    ),
    _SHARING.get(
        "people, teams and the workspace",
        f"{_ONE}/collaborators",
        200,
        Json({"users": list, "teams": list}),
    ),
    _SHARING.get(
        "the teams",
        f"{_ONE}/collaborators/teams",
        200,
        Json([{"id": node_id("team"), "name": str, "role": _ROLES}]),
    ),
    _SHARING.get(
        "the workspace, without a role when it has none",
        f"{_ONE}/collaborators/organizations",
        200,
        Json({"id": "{workspace}", "name": str, "role?": _ROLES}),
    ),
    _SHARING.change(
        f"PUT {_USERS}",
        "the owner's role cannot be given",
        403,
        common(403),
        body={"id": "{user}", "role": "owner"},
    ),
    _SHARING.change(
        f"PUT {_USERS}",
        "the owner cannot be added",
        403,
        common(403),
        body={"id": "{user}", "role": "viewer"},
    ),
    _SHARING.change(
        f"PUT {_USERS}",
        "an unknown person",
        404,
        common(404, r"user .+ not found"),
        body={"id": "N:user:{nowhere}", "role": "viewer"},
    ),
    _SHARING.change(
        f"PUT {_USERS}",
        "an integration's user cannot be added by hand",
        403,
        common(403),
        body={"id": "{stranger}", "role": "viewer"},
    ),
    _SHARING.change(
        f"PUT {_USERS}",
        "a viewer cannot share",
        403,
        common(403),
        body={"id": "{stranger}", "role": "viewer"},
        asker=Asker.VIEWER,
    ),
    _SHARING.change(
        f"PUT {_ONE}/collaborators/organizations",
        "the whole workspace",
        200,
        body={"role": "viewer"},
    ),
    _SHARING.change(f"DELETE {_ONE}/collaborators/organizations", "and no longer", 200),
]
