"""Single values of JSON: strict about the text, tolerant about types."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def loads(body: bytes | str) -> Any:
    """JSON by the letter: no NaN, no infinities, no endless nesting.

    Raises:
        ValueError: it is not JSON.

    """
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def as_text(value: object) -> str | None:
    """A text, number or boolean as text, the way it stands in JSON; None for anything else."""
    if isinstance(value, str):
        # JSON can hold half a surrogate pair, which no terminal and no file can take.
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}" if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - all digits of a double
    return None


def as_integer(value: object) -> int | None:
    """A whole number, also when it came as text or as 5.0; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and len(value) < 20 and value.strip().lstrip("-").isdecimal():  # noqa: PLR2004 - more digits than 64 bits have
        try:
            return int(value)
        except ValueError:
            return None
    return None
