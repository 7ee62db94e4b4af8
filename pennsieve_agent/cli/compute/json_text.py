"""A document as text: indented for people, on one line for files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pennsieve_agent.console.streams import Streams


def json_text(document: object, streams: Streams) -> str:
    """A document as it is written, for people and for files alike."""
    import json

    indent = 2 if streams.out_is_terminal else None
    return json.dumps(document, indent=indent, ensure_ascii=False)
