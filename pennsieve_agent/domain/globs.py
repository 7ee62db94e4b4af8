"""Which files a pattern means: ``raw/**/*.edf`` over the paths of a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pennsieve_agent.domain.datasets import DataFile

#: A set has at least one member, which may be ``]`` itself.
_SET = re.compile(r"\[(?P<not>!?)(?P<body>\]?[^\]]*)\]")
_MEMBER = re.compile(r"(.)-(.)|(.)", re.DOTALL)


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    out, i, text = [], 0, pattern.strip("/")
    while i < len(text):
        if text.startswith("**/", i):
            out.append("(?:[^/]+/)*")
            i += 3
        elif text.startswith("**", i):
            out.append(".*")
            i += 2
        elif text[i] == "*":
            out.append("[^/]*")
            i += 1
        elif text[i] == "?":
            out.append("[^/]")
            i += 1
        elif char_set := _SET.match(text, i):
            out.append(_set(char_set["not"], char_set["body"]))
            i = char_set.end()
        else:
            out.append(re.escape(text[i]))
            i += 1
    return re.compile("".join(out), re.DOTALL)


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


def matches(path: str, pattern: str) -> bool:
    """Whether a path, relative and with ``/``, fits a pattern.

    ``*`` and ``?`` stay within one folder, ``**/`` is any number of folders, ``[abc]`` and
    ``[!abc]`` one character. A pattern that names a folder means everything in it. Case counts.
    """
    expression = _expression(pattern)
    if expression.fullmatch(path):
        return True
    parents = path.split("/")[:-1]
    return any(expression.fullmatch("/".join(parents[: i + 1])) for i in range(len(parents)))


def select(files: Iterable[DataFile], patterns: Iterable[str]) -> list[DataFile]:
    """The files that fit at least one pattern, sorted by path."""
    globs = tuple(patterns)
    chosen = (file for file in files if any(matches(file.path, p) for p in globs))
    return sorted(chosen, key=lambda file: file.path)
