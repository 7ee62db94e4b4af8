"""Lines that a program printed, as they may be shown."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)([0-9;:<=>?]*)([ -/]*)([@-~]?)"  # CSI: parameters, intermediates, final
    # OSC, DCS, SOS, PM and APC: a text up to its end, or to the end of the line
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"  # the other sequences of two and more
)
"""Control sequences (ECMA-48, 5.4 and 5.6; xterm, "Control Sequences")."""
_SGR_FINAL = "m"
_RESET = "\x1b[0m"


def safe(text: str, *, colours: bool) -> str:
    """Only a program's colours may pass, and only to a terminal; the rest could garble it.

    Of a line that was drawn again and again, such as a progress bar, its last state.
    """
    if text.isprintable():
        return text
    states = [state for state in text.split("\r") if state.strip()]
    line, parts, at, has_colour = states[-1] if states else "", [], 0, False
    for match in _SEQUENCE.finditer(line):
        parts.append(_plain(line[at : match.start()]))
        at = match.end()
        parameters, between, final = match[1], match[2], match[3]
        if colours and final == _SGR_FINAL and not between and re.fullmatch("[0-9;:]*", parameters):
            parts.append(f"\x1b[{parameters}m")
            has_colour = True
    parts.append(_plain(line[at:]))
    # A colour that the program did not end must not go on in other lines.
    return "".join(parts) + (_RESET if has_colour and not line.endswith((_RESET, "\x1b[m")) else "")


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c for c in text if c.isprintable() or c == "\t")
