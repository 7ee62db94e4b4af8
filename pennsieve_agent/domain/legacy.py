"""Legacy applications: those of before the app store, each on one compute node.

Nothing new is made in this form; what is left can be looked at and deleted
(``contracts/workflows.md`` 1.7).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegacyApplication:
    """A legacy application. ``kind`` is ``preprocessor``, ``processor`` or ``postprocessor``."""

    uuid: str
    name: str
    source_url: str = ""
    description: str = ""
    kind: str = ""
    status: str = ""
    node_uuid: str = ""
    owner_id: str = ""
    created_at: str = ""
