"""Every route of the contract, with its section, and why one may have nothing behind it.

The lists are those of ``contracts/core.md`` (1, 3, 4, 6), ``contracts/resources.md`` 5 and
``contracts/workflows.md`` 7, and those that the sandbox has on top ("ours"). The parameters of a
path are the contract's own names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NOTEBOOKS = "interactive notebooks: a later issue"
QUOTAS = "LLM budgets and quotas: no command asks for them yet"
STORAGE = "storage nodes: a later issue"
ASSETS = "viewer assets: written by containers and read by the web app"
SIGNALS = "time series: not part of running analysis"
BROWSER = "browser sessions only; a key is answered 403"
SERVICE = "for Pennsieve's own services"
GITHUB = "the GitHub integration works by itself; git addresses are registered directly"
OLD = "an ancestor, no longer served"
STILL_USED = (
    "public code of 2026 still asks it (upstream-2026-11.md 9); old, and left out of the sandbox"
)
MESSAGES = "messages for people: read in the web application"
LEGACY = "legacy applications: only kept for old rows"
NODE = "sent by a compute node, not by a CLI user"
BROKEN = "broken on the platform (resources.md 3.8)"
DEPRECATED = "deprecated on the platform; the newer route is used"
OTHER = "not needed by a CLI user: another route tells the same"


@dataclass(frozen=True, slots=True)
class ContractRoute:
    """A route. ``reason`` says why the client or a command does without it, where they do."""

    surface: str
    method: str
    path: str
    section: str
    reason: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Surface, method and path, whatever the path's parameters are called."""
        return self.surface, self.method, anonymous(self.path)

    @property
    def hosted(self) -> bool:
        """Whether hosted Pennsieve serves it, as far as the contract knows."""
        return self.reason not in {OLD, STILL_USED}


def anonymous(path: str) -> str:
    """A path whose parameters have no names: ``{id}`` and ``<path:id>`` become ``{}``."""
    return re.sub(r"\{[^}]*\}|<[^>]*>", "{}", path.partition("?")[0])


def find(surface: str, method: str, path: str) -> ContractRoute | None:
    """The route of a request: the one with the most words of its own, as a router does it."""
    fitting = [
        route
        for route in ROUTES
        if (route.surface, route.method) == (surface, method)
        and re.fullmatch(_pattern(route.key[2]), path) is not None
    ]
    return min(fitting, key=lambda route: route.key[2].count("{}"), default=None)


def _pattern(path: str) -> str:
    return "[^/]+".join(re.escape(part) for part in path.split("{}"))


def _section(surface: str, section: str, text: str, reason: str = "") -> list[ContractRoute]:
    """The routes of a section: a line for each path, with its methods."""
    routes = []
    for line in text.split("\n"):
        methods, _, path = line.strip().partition(" ")
        routes += [
            ContractRoute(surface, method, path, section, reason)
            for method in (methods.split(",") if path else ())
        ]
    return routes


_R, _W = "/compute/resources", "/compute/workflows"
_D, _O = "/datasets/{id}", "/organizations/{id}"
_N = f"{_R}/compute-nodes/{{id}}"
_S = f"{_R}/storage-nodes"

ROUTES: list[ContractRoute] = [
    *_section("aws", "core.md 1.3", "POST /"),
    *_section("v1", "core.md 1.1", "POST,GET /token\nPUT,DELETE /token/{key}", BROWSER),
    *_section("v1", "core.md 1.2", "GET /authentication/cognito-config"),
    *_section("v1", "core.md 1.6", "GET /organizations"),
    *_section("v1", "core.md 1.6", f"GET {_O}", OTHER),
    *_section("v1", "core.md 1.6", "PUT /session/switch-organization", BROWSER),
    *_section("v1", "core.md 1.7", "GET /user\nGET /user/email/{email}"),
    *_section("v1", "core.md 1.7", "GET /user/{intId}", SERVICE),
    *_section("v1", "core.md 3.1", "GET /datasets/paginated\nPOST /datasets"),
    *_section("v1", "core.md 3.1", f"GET,PUT,DELETE {_D}"),
    *_section(
        "v1",
        "core.md 3.1",
        f"GET /datasets\nGET {_D}/role\nGET {_D}/packageTypeCounts",
        DEPRECATED,
    ),
    *_section(
        "v1",
        "core.md 3.3",
        f"""GET,PUT,DELETE {_D}/collaborators/users
        GET,PUT,DELETE {_D}/collaborators/teams
        GET,PUT,DELETE {_D}/collaborators/organizations
        PUT {_D}/collaborators/owner
        PUT {_D}/collaborators/external""",
    ),
    *_section("v1", "core.md 3.3", f"GET {_D}/collaborators", OTHER),
    *_section("v1", "core.md 3.3", f"PUT,DELETE {_D}/collaborators", DEPRECATED),
    *_section("v1", "core.md 3.4", f"GET {_D}/packages\nGET /packages/{{id}}"),
    *_section("v1", "core.md 3.4", f"GET {_D}/packages/batch", OTHER),
    *_section(
        "v1",
        "core.md 3.5",
        "GET /packages/{id}/sources-paged\nGET /packages/{id}/files/{fileId}",
    ),
    *_section(
        "v1",
        "core.md 3.5",
        "GET /packages/{id}/files\nGET /packages/{id}/view",
        OTHER,
    ),
    *_section("v1", "core.md 3.5", "GET /packages/{id}/sources", DEPRECATED),
    *_section("v1", "core.md 3.5", "GET /packages/{id}/files/{fileId}/presign/{path}", ASSETS),
    *_section("v1", "core.md 3.6", "POST /packages/download-manifest", OTHER),
    *_section(
        "v2",
        "core.md 3.6",
        """POST /packages/download-manifest
        GET /datasets/manifest""",
        OTHER,
    ),
    *_section(
        "v2",
        "upstream-2026-11.md 9",
        "GET /datasets/trashcan\nGET /datasets/shared-datasets\nGET /packages/types",
        OTHER,
    ),
    *_section(
        "v2",
        "upstream-2026-11.md 9",
        """GET /notification/topics
        GET /notification/subscriptions
        GET /notification/subscriptions/{id}
        GET /notification/{topicId}/notifications""",
        MESSAGES,
    ),
    *_section(
        "v1",
        "upstream-2026-11.md 9",
        """POST /import
        POST /import/{id}/files
        GET /import/{id}/upload/{key}/presign
        GET /import/{id}/upload-credentials
        GET /workflows/instances/{id}
        GET /integrations/{id}
        GET /timeseries/{id}""",
        STILL_USED,
    ),
    *_section("v2", "core.md 3.7", "POST /packages/restore"),
    *_section(
        "v2",
        "core.md 3.7",
        """POST,GET /packages/assets
        GET,PATCH,DELETE /packages/assets/{id}
        GET /packages/formats
        GET /packages/discover/assets""",
        ASSETS,
    ),
    *_section(
        "v1",
        "core.md 3.8",
        "POST /packages\nPUT /packages/{id}\nPOST /data/move\nPOST /data/delete",
    ),
    *_section(
        "v2",
        "core.md 3.10",
        """GET /timeseries/package/{id}/channels
        GET /timeseries/package/{id}/range""",
        SIGNALS,
    ),
    *_section(
        "v2",
        "core.md 4",
        """POST,GET /upload/manifest
        GET /upload/manifest/files
        GET /upload/manifest/status
        POST /upload/manifest/storage-credentials
        POST /upload/manifest/files/finalize""",
        OTHER,
    ),
    *_section("v2", "core.md 4.7", "POST /upload/manifest/upload-credentials", NODE),
    *_section("v2", "core.md 4.6", "POST,GET,DELETE /upload/manifest/archive", OTHER),
    *_section(
        "v1",
        "core.md 6.1",
        f"""GET,POST {_O}/members
        PUT,DELETE {_O}/members/{{user}}
        GET {_O}/invites
        PUT,DELETE {_O}/invites/{{invite}}
        GET {_O}/dataset-status
        GET,POST {_O}/teams
        GET,PUT,DELETE {_O}/teams/{{team}}
        GET,POST {_O}/teams/{{team}}/members
        DELETE {_O}/teams/{{team}}/members/{{user}}""",
        "administration of a workspace: done in the web application",
    ),
    *_section(
        "v1",
        "core.md 6.3",
        f"""GET,POST /webhooks
        GET,PUT,DELETE /webhooks/{{id}}
        GET {_D}/webhook
        PUT,DELETE {_D}/webhook/{{webhookId}}
        POST {_D}/event""",
        "a grant is made and removed as a whole: dataset grant, dataset revoke",
    ),
    *_section(
        "v2",
        "resources.md 1",
        f"""POST,GET {_R}/accounts
        GET,PATCH,DELETE {_R}/accounts/{{id}}
        POST {_R}/accounts/{{uuid}}/workspaces
        DELETE {_R}/accounts/{{uuid}}/workspaces/{{workspaceId}}
        GET {_R}/role-policy
        POST {_R}/app-store/access""",
        OTHER,
    ),
    *_section(
        "v2",
        "resources.md 3",
        f"""POST,GET {_R}/compute-nodes
        GET,PATCH,PUT,DELETE {_N}
        POST {_N}/update-config
        GET,PUT {_N}/permissions
        POST {_N}/permissions/users
        DELETE {_N}/permissions/users/{{userId}}
        POST {_N}/permissions/teams
        DELETE {_N}/permissions/teams/{{teamId}}
        GET,PATCH,DELETE {_N}/secrets
        GET,PATCH,DELETE {_N}/shared-secrets
        GET,PUT {_N}/allowed-processors
        GET {_R}/gpu-tiers""",
    ),
    *_section("v2", "resources.md 3.8", f"POST,DELETE {_N}/organization", BROKEN),
    *_section(
        "v2",
        "resources.md 3.11",
        f"""GET,PUT {_N}/llm-config
        GET {_N}/user-quotas
        PUT,DELETE,GET {_N}/user-quotas/{{userId}}
        GET {_N}/user-quotas/{{userId}}/effective
        GET {_N}/user-usage/{{userId}}""",
        QUOTAS,
    ),
    *_section(
        "v2", "resources.md 3.13", f"GET,PATCH {_N}/config", "not implemented on the platform"
    ),
    *_section("v2", "resources.md 3.13", f"GET {_R}/interactive/jwks", NOTEBOOKS),
    *_section(
        "v2",
        "resources.md 3.14",
        f"""POST,GET {_S}
        GET,PATCH,DELETE {_S}/{{id}}
        POST {_S}/{{id}}/update-config
        POST,DELETE {_S}/{{id}}/workspace
        GET {_S}/{{id}}/impact""",
        STORAGE,
    ),
    *_section("v2", "resources.md 1.8", f"GET {_R}/pennsieve-accounts/{{type}}", OLD),
    *_section(
        "v2",
        "workflows.md 1",
        """POST,GET /applications/store
        GET,PATCH /applications/store/{uuid}
        GET /applications/store/{uuid}/asset
        GET,PUT /applications/store/{uuid}/permissions
        GET /applications/{uuid}/deployments
        GET /applications/{uuid}/deployments/{deploymentId}""",
        OTHER,
    ),
    *_section("v2", "workflows.md 1.6", "GET /applications/store/registry", NODE),
    *_section(
        "v2",
        "workflows.md 1.7",
        """POST,GET /applications/v1
        GET,PUT,DELETE /applications/{uuid}
        POST /applications/deploy""",
        LEGACY,
    ),
    *_section(
        "v2",
        "workflows.md 1.9",
        """POST /accounts/github/register
        GET,DELETE /accounts/github/user
        GET,POST /repositories
        GET /repository/{owner}/{repo}
        GET /github/installations""",
        GITHUB,
    ),
    *_section(
        "v2",
        "workflows.md 1.9",
        """POST /repository/{owner}/{repo}/publish
        PUT /repositories/publications/{id}/status
        POST /webhooks/github""",
        SERVICE,
    ),
    *_section(
        "v2",
        "workflows.md 2",
        f"""POST,GET {_W}/definitions
        GET,PATCH {_W}/definitions/{{uuid}}
        POST {_W}/definitions/{{uuid}}/publish
        POST {_W}/definitions/{{uuid}}/unpublish
        GET {_W}/target-types
        GET,POST {_W}/compute-nodes/{{id}}/layers
        DELETE {_W}/compute-nodes/{{id}}/layers/{{name}}""",
    ),
    *_section(
        "v2",
        "workflows.md 3",
        f"""POST,GET {_W}/runs
        GET {_W}/runs/{{id}}
        GET {_W}/runs/{{id}}/status
        GET {_W}/runs/{{id}}/logs
        POST {_W}/runs/{{id}}/cancel
        GET {_W}/metrics/counters
        GET {_W}/metrics/export""",
    ),
    *_section(
        "v2",
        "workflows.md 3",
        f"""PUT {_W}/runs/{{id}}/status
        PUT {_W}/runs/{{id}}/processor/{{pid}}/status
        PUT {_W}/runs/{{id}}/outputs""",
        NODE,
    ),
    *_section("v2", "workflows.md 3.8", f"GET {_W}/runs/{{id}}/session/connect", NOTEBOOKS),
    *_section(
        "v2", "workflows.md 3.9", f"GET {_W}/runs/{{id}}/environment", "planned on the platform"
    ),
    *_section(
        "v2",
        "workflows.md 7",
        """POST,GET /workflows
        GET,PUT /workflows/{id}
        POST,GET /workflows/instances
        GET /workflows/instances/{id}
        PUT /workflows/instances/{id}/status
        POST,GET /integrations
        GET,PUT /integrations/{id}
        POST,GET /import""",
        OLD,
    ),
]
