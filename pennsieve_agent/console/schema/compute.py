"""Documents of compute nodes, secrets, layers and policies."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document

DOCUMENTS: tuple[Document, ...] = ()
