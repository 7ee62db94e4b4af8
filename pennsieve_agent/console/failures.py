"""Errors, as people and as scripts read them."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.console.streams import Streams
from pennsieve_agent.errors import AgentError


def text(error: AgentError, streams: Streams) -> str:
    """What happened, where, and what to type next.

    On a terminal they are wrapped between words; a place and a command are whole, to be copied.
    """
    coloured = Streams(
        streams.out,
        streams.err,
        streams.stdin,
        colour=streams.colour and streams.err_is_terminal,
    )
    lines = [f"{coloured.paint('error:', 'red', 'bold')} {error.message}"]
    if error.where:
        lines.append(f"  {coloured.paint('where:', 'dim')} {error.where}")
    if error.hint:
        lines.append(f"  {coloured.paint('hint:', 'cyan')} {error.hint}")
    return streams.wrapped("\n".join(lines)) if streams.err_is_terminal else "\n".join(lines)


def document(error: AgentError) -> dict[str, Any]:
    """The same as a JSON document: ``{"error": {code, message, where, hint, exit_code}}``."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "where": error.where,
            "hint": error.hint,
            "exit_code": int(error.exit_code),
        }
    }
