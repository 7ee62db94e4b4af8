"""Documents of datasets, their files, people and grants."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document

DOCUMENTS: tuple[Document, ...] = ()
