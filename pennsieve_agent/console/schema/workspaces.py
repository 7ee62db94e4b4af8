"""Documents of workspaces, members and teams."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document

DOCUMENTS: tuple[Document, ...] = ()
