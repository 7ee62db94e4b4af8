"""Datasets, and who and which workflow may use them, as JSON documents.

See :mod:`pennsieve_agent.console.documents` for what scripts may rely on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.documents import time
from pennsieve_agent.domain.datasets import Role

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.sharing import Collaborator, Collaborators


def dataset(value: Dataset) -> dict[str, Any]:
    """A dataset."""
    return {
        "id": value.id,
        "name": value.name,
        "role": value.role.value or None,
        "size": value.size,
        "description": value.description,
        "updated_at": time(value.updated_at),
    }


def dataset_details(value: Dataset, on_it: Collaborators) -> dict[str, Any]:
    """A dataset and everybody on it."""
    everybody = on_it.workspace_role
    return {
        **dataset(value),
        "people": [{**_collaborator(one), "email": one.email or None} for one in on_it.users],
        "teams": [_collaborator(one) for one in on_it.teams],
        "workspace_role": None if everybody in {Role.NONE, Role.UNKNOWN} else everybody.value,
    }


def _collaborator(value: Collaborator) -> dict[str, Any]:
    return {"id": value.id, "name": value.name, "role": value.role.value}


def of(value: Dataset) -> dict[str, str]:
    """The fields by which another document names its dataset."""
    return {"dataset": value.name, "dataset_id": value.id}
