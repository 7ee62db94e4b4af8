"""Errors, as people and as scripts read them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pennsieve_agent.console.streams import Streams
from pennsieve_agent.errors import AgentError, SeveralProblems

_CALL = re.compile(r"^[A-Z]+ (https?://[^/\s]+)\S*")
"""The call that failed, of which people are shown the host; scripts and --debug have all of it."""
_ID = re.compile(r"(N:[a-z]+:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}")
"""An id, which people are not shown beside the name of what has it."""


def text(error: AgentError, streams: Streams) -> str:
    """What happened, where, and what to type next.

    On a terminal they are wrapped between words; a place and a command are whole, to be copied.
    """
    coloured = replace(streams, colour=streams.colour and streams.err_is_terminal)
    lines = [f"{coloured.paint('error:', 'red', 'bold')} {error.message}"]
    if where := _place(error):
        lines.append(f"  {coloured.paint('where:', 'dim')} {where}")
    if error.hint:
        lines.append(f"  {coloured.paint('hint:', 'cyan')} {error.hint}")
    for number, problem in enumerate(_parts(error), 1):
        lines.append(f"  {number}. {problem.message}".replace("\n", "\n   "))
        for name, colour, words in (
            ("where:", "dim", _place(problem)),
            ("hint:", "cyan", problem.hint or ""),
        ):
            lines += [f"     {coloured.paint(name, colour)} {words}"] if words else []
    return streams.wrapped("\n".join(lines)) if streams.err_is_terminal else "\n".join(lines)


def _parts(error: AgentError) -> tuple[AgentError, ...]:
    return error.problems if isinstance(error, SeveralProblems) else ()


def _place(error: AgentError) -> str:
    where = error.where or ""
    is_named = "'" in error.message  # sentences quote the names of things
    return "" if is_named and _ID.fullmatch(where) else _CALL.sub(r"\1", where)


def document(error: AgentError) -> dict[str, Any]:
    """The same as a JSON document: ``{"error": {code, message, where, hint, exit_code}}``."""
    parts = [_document(part) for part in _parts(error)]
    return {"error": {**_document(error), **({"problems": parts} if parts else {})}}


def _document(error: AgentError) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": error.message,
        "where": error.where,
        "hint": error.hint,
        "exit_code": int(error.exit_code),
    }
