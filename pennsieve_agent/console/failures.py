"""Errors, as people and as scripts read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pennsieve_agent.console.streams import Streams
from pennsieve_agent.errors import AgentError


def text(error: AgentError, streams: Streams) -> str:
    """What happened, where, and what to type next.

    On a terminal the message is wrapped between words; a place and a hint are whole, to be copied.
    """
    coloured = replace(streams, colour=streams.colour and streams.err_is_terminal)
    message = f"error: {error.message}"
    message = streams.wrapped(message) if streams.err_is_terminal else message
    lines = [message.replace("error:", coloured.paint("error:", "red", "bold"), 1)]
    if error.where:
        lines.append(f"  {coloured.paint('where:', 'dim')} {error.where}")
    if error.hint:
        lines.append(f"  {coloured.paint('hint:', 'cyan')} {error.hint}")
    return "\n".join(lines)


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
