"""Who may do what Pennsieve refused: what to say in place of "not allowed".

From ``contracts/core.md`` 3 (roles on datasets), ``contracts/resources.md`` 3 to 5 and
``contracts/workflows.md`` 1 to 3. The first row that fits says it.
"""

from __future__ import annotations

import re

_DATASET_OWNER = "only the owner of the dataset can do this"
_DATASET_MANAGER = "only managers and the owner of the dataset can do this"
_DATASET_EDITOR = "only editors, managers and the owner of the dataset can do this"
_NODE_OWNER = (
    "only the owner of the compute node and administrators of the workspace can do this: "
    "pennsieve compute show NODE"
)
_ACCOUNT_OWNER = "only the person who registered the AWS account can do this"
_ROWS = tuple(
    (re.compile(methods), re.compile(path), who)
    for methods, path, who in (
        ("DELETE", r"/datasets/[^/]+$", _DATASET_OWNER),
        ("PUT", r"/datasets/[^/]+/collaborators/owner$", _DATASET_OWNER),
        (
            "PUT|POST|DELETE",
            r"/datasets/[^/]+(/collaborators/\w+|/webhook/[^/]+)?$",
            _DATASET_MANAGER,
        ),
        ("PUT|POST|PATCH|DELETE", r"/(packages|data|upload)(/|$)", _DATASET_EDITOR),
        (
            "POST",
            r"/compute/workflows/runs/[^/]+/cancel$",
            "only the person who started the run and managers of its dataset can cancel it",
        ),
        (
            "POST",
            r"/compute/workflows/runs$",
            "only editors, managers and the owner of the dataset can start a run on it",
        ),
        (
            "POST",
            r"/compute/workflows/definitions/[^/]+/(un)?publish$",
            "only the person who added the workflow can do this",
        ),
        (
            "PUT|PATCH",
            r"/applications/store/",
            "only the person who registered the code can do this",
        ),
        ("PUT|POST|PATCH|DELETE", r"/compute/resources/(accounts|app-store)(/|$)", _ACCOUNT_OWNER),
        ("POST", r"/compute/resources/compute-nodes$", _ACCOUNT_OWNER),
        ("PUT|POST|PATCH|DELETE", r"/compute-nodes/", _NODE_OWNER),
        (
            "PUT|DELETE",
            r"/webhooks/",
            "only who made the integration and administrators of the workspace can do this",
        ),
        ("GET", r"/organizations/.+/teams", "guests of a workspace cannot see its teams"),
    )
)


def who_may(where: str) -> str:
    """Who may do what ``where`` (``PUT https://host/path``) asks for; "" where it is not known."""
    method, _, address = where.partition(" ")
    fits = (
        who for methods, path, who in _ROWS if methods.fullmatch(method) and path.search(address)
    )
    return next(fits, "")
