"""The pattern language of ``--files``: ``raw/**/*.{edf,bdf}`` as a regular expression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

#: A set has at least one member, which may be ``]`` itself.
_SET = re.compile(r"\[(?P<not>!?)(?P<body>\]?[^\]]*)\]")
_MEMBER = re.compile(r"(.)-(.)|(.)", re.DOTALL)
_RANGE = re.compile(r"\{(\d{1,9})\.\.(\d{1,9})\}")
_MOST_OF_A_RANGE = 10_000
_SPECIAL = "*?[]{},!\\"
WILD = frozenset("*?[{")
"""What makes a pattern of a name."""


def matches(path: str, pattern: str, *, any_case: bool = False) -> bool:
    """Whether a path, relative and with ``/``, fits a pattern.

    ``*`` and ``?`` stay within one folder, ``**/`` is any number of folders, ``[abc]`` and
    ``[!abc]`` one character, ``{a,b}`` either, ``{01..12}`` a number; a backslash takes the meaning
    from the next character. A pattern that names a folder means everything in it. Case counts.
    """
    return _expression(pattern.strip("/"), any_case=any_case).fullmatch(path) is not None


def is_exactly(path: str, pattern: str) -> bool:
    """Whether a path itself fits a pattern, and not only a folder above it."""
    return _expression(pattern.strip("/"), any_case=False, below=False).fullmatch(path) is not None


def literal(text: str) -> str:
    """The pattern that fits this text and no other."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in text)


def is_in(path: str, place: str) -> bool:
    """Whether a path is that of a place, or of something in it."""
    return path == place or path.startswith(f"{place}/")


def tidy(pattern: str) -> str:
    """A pattern without what does not count in a path: ``./``, ``//`` and ``/`` at its ends."""
    return "/".join(part for part in pattern.split("/") if part not in {"", "."})


@lru_cache(maxsize=256)
def _expression(pattern: str, *, any_case: bool, below: bool = True) -> re.Pattern[str]:
    inner = "".join(_pieces(pattern))
    flags = re.DOTALL | (re.IGNORECASE if any_case else 0)
    deeper = "(?:/.*)?" if below else ""
    return re.compile(f"(?:{inner}){deeper}" if inner else "(?!)", flags)


def _pieces(text: str) -> Iterator[str]:
    i = 0
    while i < len(text):
        piece, i = _piece(text, i)
        yield piece


def _piece(text: str, i: int) -> tuple[str, int]:
    """The expression for what stands at a place, and the place after it."""
    if text.startswith("**/", i):
        while text.startswith("**/", i):  # once is as good, and does not try every split
            i += 3
        return "(?:[^/]+/)*", i
    if text.startswith("**", i):
        return ".*", i + 2
    if text[i] in "*?":
        return "[^/]*" if text[i] == "*" else "[^/]", i + 1
    if text[i] == "\\" and i + 1 < len(text) and text[i + 1] in _SPECIAL:
        return re.escape(text[i + 1]), i + 2
    return _group(text, i) or (re.escape(text[i]), i + 1)


def _group(text: str, i: int) -> tuple[str, int] | None:
    """The same for a set, a range of numbers or a choice; None where none begins."""
    if text[i] == "[" and (chars := _SET.match(text, i)):
        return _set(chars["not"], chars["body"]), chars.end()
    if text[i] == "{" and (numbers := _RANGE.match(text, i)):
        return _range(numbers[1], numbers[2]), numbers.end()
    if text[i] == "{" and (choices := _choices(text, i)):
        inner, end = choices
        return f"(?:{'|'.join(''.join(_pieces(choice)) for choice in inner)})", end
    return None


def _choices(text: str, start: int) -> tuple[list[str], int] | None:
    """What stands between ``{`` and its ``}``, cut at commas; None without a comma or an end."""
    depth, begin, choices, i = 0, start + 1, [], start
    while i < len(text):
        if text[i] == "\\":
            i += 1
        elif text[i] == "{":
            depth += 1
        elif (text[i] == "," and depth == 1) or (text[i] == "}" and depth == 1):
            choices.append(text[begin:i])
            begin = i + 1
        if i < len(text) and text[i] == "}":
            depth -= 1
            if not depth:
                return (choices, i + 1) if len(choices) > 1 else None
        i += 1
    return None


def _range(first: str, last: str) -> str:
    """The numbers from ``first`` to ``last``, with the zeros in front that these have."""
    width = max(len(text) if text.startswith("0") else 0 for text in (first, last))
    low, high = sorted((int(first), int(last)))
    if high - low > _MOST_OF_A_RANGE:
        return re.escape(f"{{{first}..{last}}}")
    return f"(?:{'|'.join(str(number).zfill(width) for number in range(low, high + 1))})"


def _set(negated: str, body: str) -> str:
    """``[abc]`` as a regular expression; a range that runs backwards matches nothing."""
    parts = []
    for low, high, single in _MEMBER.findall(body):
        if single:
            parts.append(re.escape(single))
        elif low <= high:
            parts.append(f"{re.escape(low)}-{re.escape(high)}")
    if not parts:
        return "[^/]" if negated else "(?!)"
    return f"[{'^/' if negated else ''}{''.join(parts)}]"
