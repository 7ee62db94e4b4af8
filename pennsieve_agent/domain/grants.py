"""Grants: which workflow may use which dataset, and how far.

A grant binds the compute nodes of its owner: they move data of granted datasets and of no other.
Pennsieve has no such object (``contracts/workflows.md`` 4.1). There, the users of the workflow's
own identity are put on the dataset (:mod:`pennsieve_agent.domain.workflow_identity`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """What a grant allows."""

    READ = "read"
    READ_WRITE = "read-write"

    @property
    def writes(self) -> bool:
        """Whether results may be written back."""
        return self is Access.READ_WRITE

    @property
    def words(self) -> str:
        """As it is told to people."""
        return "read and write" if self.writes else "read"


@dataclass(frozen=True, slots=True)
class Grant:
    """A workflow's grant on one dataset, as a compute node keeps it.

    ``by`` is the name and ``by_email`` the address of who gave it; ``at`` is in unix seconds.
    """

    workflow: str
    dataset: str
    dataset_name: str
    access: Access
    by: str = ""
    by_email: str = ""
    at: float = 0.0
    node: str = ""


@dataclass(frozen=True, slots=True)
class Enablement:
    """A user of a workflow's identity on a dataset, as Pennsieve shows it.

    ``created_by`` and ``enabled_by`` are numbers of people; ``writes`` says that it is a manager.
    """

    workflow: str
    integration: int
    writes: bool
    name: str = ""
    created_by: str = ""
    enabled_by: str = ""
    enabled_at: str = ""
