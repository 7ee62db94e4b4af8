"""The text of a shell script, without what the shell takes literally."""

from __future__ import annotations

import re

_HEREDOC = re.compile(r"<<-?\s*(\\?)(['\"]?)(\w+)\2")


def without_quotes(text: str) -> str:
    """A script with its comments, single quotes and literal here-documents blanked.

    Every line stays where it is, so that a place in the answer is that in the script.
    """
    lines: list[str] = []
    quote, end, is_literal = "", "", False
    for line in text.split("\n"):
        if end:
            lines.append("" if is_literal else line)
            end = "" if line.strip() == end else end
            continue
        begin = None if quote else _HEREDOC.search(line)
        kept, quote = _line(line, quote)
        lines.append(kept)
        if begin and "<<<" not in line:
            end, is_literal = begin[3], bool(begin[1] or begin[2])
    return "\n".join(lines)


def _line(line: str, quote: str) -> tuple[str, str]:
    """A line without its literal parts, and the quote that is still open at its end."""
    out: list[str] = []
    escaped = False
    for place, char in enumerate(line):
        if escaped:
            out.append(" " if char == "$" else char)
            escaped = False
        elif char == "\\" and quote != "'":
            out.append(char)
            escaped = True
        elif quote == "'":
            quote = "" if char == "'" else quote
            out.append(" ")
        elif char in "\"'" and quote in {"", char}:
            quote = "" if quote else char
            out.append('"' if char == '"' else " ")
        elif char == "#" and not quote and (place == 0 or line[place - 1] in " \t;"):
            break
        else:
            out.append(char)
    return "".join(out), quote
