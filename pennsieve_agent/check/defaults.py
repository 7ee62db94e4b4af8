"""What code takes for a variable that is not set, as far as it spells that out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from pennsieve_agent.check.sources import Language, Source

_GETTERS = {"get", "getenv"}
_R_DEFAULT = re.compile(
    r"\bSys\.getenv\(\s*[\"'](\w+)[\"']\s*,\s*(?:unset\s*=\s*)?[\"']([^\"'\n]*)[\"']"
)


def defaults(sources: Iterable[Source]) -> dict[str, str]:
    """Values by the names of variables; the first place of each counts."""
    values: dict[str, str] = {}
    for source in sources:
        if source.language is Language.PYTHON:
            for node in source.nodes:
                if (pair := _pair(node)) is not None:
                    values.setdefault(*pair)
        elif source.language is Language.R:
            for name, value in _R_DEFAULT.findall(source.code):
                values.setdefault(name, value)
    return values


def _pair(node: ast.AST) -> tuple[str, str] | None:
    """A variable and its default: ``os.environ.get("X", "1")``, ``os.getenv("X", "1")``."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr=getter) | ast.Name(id=getter),
            args=[
                ast.Constant(value=str(name)),
                ast.Constant(value=str() | int() | float() as value),
            ],
        ) if getter in _GETTERS and _is_of_environment(node):
            return name, str(value).lower() if isinstance(value, bool) else str(value)
        case _:
            return None


def _is_of_environment(call: ast.Call) -> bool:
    words = ast.unparse(call.func)
    return words.endswith(("environ.get", "getenv"))
