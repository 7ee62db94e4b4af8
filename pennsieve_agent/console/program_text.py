"""What other people's programs print, made safe for a terminal."""

from __future__ import annotations

import re

#: Select Graphic Rendition: the escape sequences that only set colours.
_SGR = re.compile(r"\x1b\[([0-9;]*)m")


def safe(text: str, *, colours: bool) -> str:
    """Only a program's colours may pass, and only to a terminal; the rest could garble it."""
    parts = _SGR.split(text)
    kept = ["".join(c for c in part if c.isprintable() or c == "\t") for part in parts]
    if not colours:
        return "".join(kept[::2])
    return "".join(f"\x1b[{part}m" if i % 2 else part for i, part in enumerate(kept))
