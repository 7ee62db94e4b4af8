"""Documents of workflows, their code and builds."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document

DOCUMENTS: tuple[Document, ...] = ()
