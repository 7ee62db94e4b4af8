"""What the gateways answer before any code runs (``contracts/core.md`` 0.3, 1.8, 1.9)."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Section, Surface, Text
from pennsieve_agent.contract.families import (
    FORBIDDEN,
    NO_ROUTE,
    UNAUTHORIZED,
    simple,
)

_V1 = Section("core.md 1.8", Surface.V1)
_V2 = Section("core.md 1.9", Surface.V2)
_HOSTS = Section("core.md 7", Surface.V2)
_HOSTS_V1 = Section("core.md 7", Surface.V1)
_NO_TOKEN = Text(r"Unauthorized\.")
_ACCOUNTS = "/compute/resources/accounts"
_GPUS = "/compute/resources/gpu-tiers"
_MANIFEST = "/upload/manifest"
_REFUSED = (Asker.FORGED, Asker.EXPIRED, Asker.ID_TOKEN, Asker.DEAD_RUN)

CHECKS: list[Check] = [
    _V1.get("no token", "/user", 401, _NO_TOKEN, asker=Asker.NOBODY),
    _V1.get("a forged token", "/user", 401, _NO_TOKEN, asker=Asker.FORGED),
    _V1.get("an expired token", "/user", 401, _NO_TOKEN, asker=Asker.EXPIRED),
    _V1.get("a token is not a password", "/user", 401, sent={"Authorization": "Basic YTpi"}),
    _V1.get(
        "the header of the workspace is ignored",
        "/user",
        200,
        sent={"X-ORGANIZATION-ID": "N:organization:{nowhere}"},
    ),
    _HOSTS_V1.get("a path of v2 is not there", _ACCOUNTS, 404),
    _HOSTS_V1.get("no such route", "/no-such-route", 404, simple("Not found."), hosted=False),
    _HOSTS.get("a path of v1 is not there", "/organizations", 404, NO_ROUTE),
    _HOSTS.get("no such route on v2", "/no-such-route", 404, NO_ROUTE),
    _HOSTS.get(
        "the account types are gone", "/compute/resources/pennsieve-accounts/aws", 404, NO_ROUTE
    ),
    _V2.get("no token", _ACCOUNTS, 401, UNAUTHORIZED, asker=Asker.NOBODY),
    *(
        _V2.get(f"{asker.value} is 403 Forbidden, not 401", _ACCOUNTS, 403, FORBIDDEN, asker=asker)
        for asker in _REFUSED
    ),
    _V2.get("an unknown scheme", _ACCOUNTS, 403, FORBIDDEN, sent={"Authorization": "Basic YTpi"}),
    _V2.get("the workspace is missing in the query", _GPUS, 401, UNAUTHORIZED),
    _V2.get(
        "an empty workspace is a missing one",
        _GPUS,
        401,
        UNAUTHORIZED,
        query={"organization_id": ""},
    ),
    _V2.get(
        "a key is refused for another workspace",
        _GPUS,
        403,
        FORBIDDEN,
        query={"organization_id": "N:organization:{nowhere}"},
    ),
    _V2.get("the dataset is missing in the query", _MANIFEST, 401, UNAUTHORIZED),
    _V2.get(
        "an unknown dataset",
        _MANIFEST,
        403,
        FORBIDDEN,
        query={"dataset_id": "N:dataset:{nowhere}"},
    ),
    _V2.get(
        "a dataset without a role on it",
        _MANIFEST,
        403,
        FORBIDDEN,
        query={"dataset_id": "{dataset}"},
        asker=Asker.STRANGER,
    ),
    _V2.get("the manifest is missing in the query", "/upload/manifest/files", 401, UNAUTHORIZED),
    _V2.get(
        "an unknown manifest",
        "/upload/manifest/files",
        403,
        FORBIDDEN,
        query={"manifest_id": "{nowhere}"},
    ),
    _V2.get(
        "the missing dataset comes before the bad token",
        _MANIFEST,
        401,
        UNAUTHORIZED,
        asker=Asker.FORGED,
    ),
    _V2.get(
        "the whole dataset's manifest without a dataset", "/datasets/manifest", 401, UNAUTHORIZED
    ),
]
