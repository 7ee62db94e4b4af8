"""Signing in, people, datasets, packages, uploads (``contracts/core.md``)."""

from __future__ import annotations

from pennsieve_agent.contract.requests.sent import Sent, joined, table
from pennsieve_agent.contract.shapes import UUID, Either, Filled, MapOf, Matching, Only, node_id

_D, _O = "/datasets/{id}", "/organizations/{id}"
_PAGE = "limit offset"
_ROLE = Either("guest", "viewer", "editor", "manager")
"""Owner cannot be assigned (3.3)."""
_PERSON, _TEAM = node_id("user"), node_id("team")
_PACKAGE = node_id("(package|collection)")
_ONE_BUTTON = Only({"target": str, "filter?": {"packageFilter": {"fileType": [str]}}})
_PROPERTY = {"key": str, "value": ...}

_SIGN_IN = table(
    "aws",
    {
        "POST /": Sent(
            "core.md 1.3",
            headers="X-Amz-Target",
            kind="application/x-amz-json-1.1",
            open=True,
            body=Either(
                Only(
                    {
                        "AuthFlow": "USER_PASSWORD_AUTH",
                        "ClientId": str,
                        "AuthParameters": Only({"USERNAME": str, "PASSWORD": str}),
                    }
                ),
                Only(
                    {
                        "AuthFlow": Either("REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"),
                        "ClientId": str,
                        "AuthParameters": Only({"REFRESH_TOKEN": str, "DEVICE_KEY?": str}),
                    }
                ),
            ),
        ),
    },
)

_PEOPLE = table(
    "v1",
    {
        "POST /token": Sent("core.md 1.1", body=Only({"name": str})),
        "PUT /token/{key}": Sent("core.md 1.1", body=Only({"name": str})),
        "GET /authentication/cognito-config": Sent("core.md 1.2", open=True),
        "GET /organizations": Sent("core.md 1.6", query="includeAdmins"),
        "PUT /session/switch-organization": Sent("core.md 1.6", query="organization_id!"),
        f"POST {_O}/members": Sent(
            "core.md 6.1",
            body=Only(
                {
                    "invites": Filled(
                        [
                            Only(
                                {
                                    "email": str,
                                    "firstName": str,
                                    "lastName": str,
                                    "customMessage?": str,
                                }
                            )
                        ]
                    ),
                    "role": str,
                }
            ),
        ),
        f"PUT {_O}/members/{{user}}": Sent("core.md 6.1", body=Only({"role": str})),
        f"POST {_O}/teams": Sent("core.md 6.1", body=Only({"name": str})),
        f"PUT {_O}/teams/{{team}}": Sent("core.md 6.1", body=Only({"name": str})),
        f"POST {_O}/teams/{{team}}/members": Sent(
            "core.md 6.1", body=Only({"ids": Filled([_PERSON])})
        ),
    },
)

_NEW_DATASET = {
    "name": str,
    "description?": str,
    "properties": [...],
    "status?": str,
    "automaticallyProcessPackages?": bool,
    "license?": str,
    "tags?": [str],
}
_DATASETS = table(
    "v1",
    {
        "GET /datasets/paginated": Sent(
            "core.md 3.1",
            query=f"{_PAGE} query orderBy orderDirection status onlyMyDatasets withRole type"
            " publicationStatus publicationType collectionId canPublish includeBannerUrl"
            " includePublishedDataset",
        ),
        "POST /datasets": Sent(
            "core.md 3.1",
            body=Only({**_NEW_DATASET, "includedWebhookIds?": [int], "excludedWebhookIds?": [int]}),
        ),
        f"GET {_D}": Sent("core.md 3.1", query=f"{_PAGE} includePublishedDataset"),
        f"PUT {_D}": Sent(
            "core.md 3.1",
            headers="If-Match",
            body=Only(
                {
                    "name?": str,
                    "description?": str,
                    "status?": str,
                    "automaticallyProcessPackages?": bool,
                    "license?": str,
                    "tags?": [str],
                }
            ),
        ),
        f"PUT {_D}/collaborators/users": Sent(
            "core.md 3.3", body=Only({"id": _PERSON, "role": _ROLE})
        ),
        f"DELETE {_D}/collaborators/users": Sent("core.md 3.3", body=Only({"id": _PERSON})),
        f"PUT {_D}/collaborators/teams": Sent(
            "core.md 3.3", body=Only({"id": _TEAM, "role": _ROLE})
        ),
        f"DELETE {_D}/collaborators/teams": Sent("core.md 3.3", body=Only({"id": _TEAM})),
        f"PUT {_D}/collaborators/organizations": Sent("core.md 3.3", body=Only({"role": _ROLE})),
        f"PUT {_D}/collaborators/owner": Sent("core.md 3.3", body=Only({"id": _PERSON})),
        f"PUT {_D}/collaborators/external": Sent(
            "core.md 3.3",
            body=Only({"id": Matching("[^@]+@[^@]+"), "role": _ROLE, "message?": str}),
        ),
    },
)

_PACKAGES = table(
    "v1",
    {
        f"GET {_D}/packages": Sent(
            "core.md 3.4 (A)", query="pageSize cursor includeSourceFiles filename types state"
        ),
        f"GET {_D}/packages/batch": Sent("core.md 3.4", query="packageId!"),
        "GET /packages/{id}": Sent(
            "core.md 3.4 (B)", query=f"{_PAGE} include includeAncestors startAtEpoch"
        ),
        "GET /packages/{id}/sources-paged": Sent(
            "core.md 3.5", query=f"{_PAGE} order-by order-by-direction"
        ),
        "GET /packages/{id}/files/{fileId}": Sent("core.md 3.5", query="short"),
        "POST /packages/download-manifest": Sent(
            "core.md 3.6",
            query="api_key",
            body=Only({"nodeIds": Filled([_PACKAGE]), "fileIds?": [int]}),
        ),
        "POST /packages": Sent(
            "core.md 3.8",
            body=Only(
                {
                    "name": str,
                    "parent?": node_id("collection"),
                    "dataset": node_id("dataset"),
                    "packageType": str,
                    "properties": [_PROPERTY],
                }
            ),
        ),
        "PUT /packages/{id}": Sent("core.md 3.8", body=Only({"name": str})),
        "POST /data/move": Sent(
            "core.md 3.8",
            body=Only({"things": Filled([_PACKAGE]), "destination?": node_id("collection")}),
        ),
        "POST /data/delete": Sent("core.md 3.8", body=Only({"things": Filled([_PACKAGE])})),
    },
)

_WEBHOOK = {
    "apiUrl": Matching(".{1,255}"),
    "imageUrl?": str,
    "description": Matching(".{0,199}"),
    "displayName": Matching(".{1,255}"),
    "targetEvents?": [
        Either(
            *("METADATA", "STATUS", "FILES", "RECORDS_AND_MODELS", "PERMISSIONS"),
            *("PUBLISHING", "CUSTOM"),
        )
    ],
    "customTargets?": [_ONE_BUTTON],
    "isPrivate": bool,
    "isDefault": bool,
}
_WEBHOOKS = table(
    "v1",
    {
        "POST /webhooks": Sent(
            "core.md 6.3; workflows.md 4.3; upstream-2026-11.md 1",
            body=Only({**_WEBHOOK, "secret": Matching(".{0,255}"), "hasAccess": bool}),
        ),
        "PUT /webhooks/{id}": Sent(
            "core.md 6.3; workflows.md 4.3",
            body=Only(
                {f"{k.rstrip('?')}?": v for k, v in _WEBHOOK.items()}
                | {"secret?": str, "hasAccess?": bool, "isDisabled?": bool}
            ),
        ),
        f"POST {_D}/event": Sent("core.md 6.3", body=Only({"eventType": str, "message": str})),
    },
)

_IDS = Sent("core.md 3.6", query="dataset_id!", body=Only({"nodeIds": Filled([_PACKAGE])}))
_ASSET = {"properties?": MapOf(...), "package_ids?": [_PACKAGE]}
_FETCHING = table(
    "v2",
    {
        "POST /packages/download-manifest": _IDS,
        "POST /packages/restore": _IDS,
        "GET /datasets/manifest": Sent("core.md 3.6", query="dataset_id!"),
        "GET /datasets/trashcan": Sent(
            "core.md 3.6; upstream-2026-11.md 9", query=f"dataset_id! root_node_id {_PAGE}"
        ),
        "GET /datasets/shared-datasets": Sent("upstream-2026-11.md 9", query=_PAGE),
        "POST /packages/assets": Sent(
            "core.md 3.7",
            query="dataset_id!",
            body=Only({"name": str, "asset_type": str, **_ASSET}),
        ),
        "GET /packages/assets": Sent("core.md 3.7", query="dataset_id! package_id"),
        "GET,DELETE /packages/assets/{id}": Sent("core.md 3.7", query="dataset_id!"),
        "PATCH /packages/assets/{id}": Sent(
            "core.md 3.7",
            query="dataset_id!",
            body=Only({"status?": "ready", "clear_chat_session?": bool, **_ASSET}),
        ),
        "GET /packages/discover/assets": Sent("core.md 3.7", query="dataset_id", open=True),
        "GET /timeseries/package/{id}/channels": Sent("core.md 3.10", query="dataset_id!"),
        "GET /timeseries/package/{id}/range": Sent(
            "core.md 3.10", query="dataset_id! start end channel_id"
        ),
    },
)

_FILE = {
    "upload_id": UUID,
    "s3_key?": str,
    "target_path?": Matching("|[^/].*[^/]|[^/]"),
    "target_name?": str,
    "status?": Either(0, 1, 2, 3, 4, 5, 6, 7, 8),
    "merge_package_id?": str,
    "file_type?": str,
}
"""A file's row (4.1); 9 and 10 break the service."""
_KEYS = Only({"manifestNodeId": UUID})
_UPLOADS = table(
    "v2",
    {
        "POST /upload/manifest": Sent(
            "core.md 4.1",
            query="dataset_id!",
            body=Only(
                {
                    "id": Either("", UUID),
                    "dataset_id": str,
                    "status?": int,
                    "files": Either(None, [Only(_FILE)]),
                }
            ),
        ),
        "GET /upload/manifest": Sent("core.md 4.6", query="dataset_id!"),
        "POST /upload/manifest/storage-credentials": Sent(
            "core.md 4.2", query="dataset_id!", body=_KEYS
        ),
        "POST /upload/manifest/upload-credentials": Sent(
            "core.md 4.7", query="dataset_id!", body=_KEYS
        ),
        "POST /upload/manifest/files/finalize": Sent(
            "core.md 4.4",
            query="dataset_id!",
            body=Only(
                {
                    "manifestNodeId": UUID,
                    "onConflict?": Either("keepBoth", "replace"),
                    "files": Filled([Only({"uploadId": UUID, "size": int, "sha256": str})]),
                }
            ),
        ),
        "GET /upload/manifest/files": Sent(
            "core.md 4.6", query="manifest_id! limit status continuation_token"
        ),
        "GET /upload/manifest/status": Sent(
            "core.md 4.6", query="manifest_id! status verify continuation_token"
        ),
        "POST /upload/manifest/archive": Sent("core.md 4.6", query="manifest_id! remove"),
        "GET,DELETE /upload/manifest/archive": Sent("core.md 4.6", query="manifest_id!"),
    },
)

CORE = joined(_SIGN_IN, _PEOPLE, _DATASETS, _PACKAGES, _WEBHOOKS, _FETCHING, _UPLOADS)
