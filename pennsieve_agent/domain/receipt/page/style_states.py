"""How each state looks: its sign, its colour in texts, in bars, in legends and above the page."""

from __future__ import annotations

_COLOURS = {
    "succeeded": "ok",
    "failed": "bad",
    "running": "run",
    "finalizing": "run",
    "canceled": "off",
    "canceling": "off",
}
_SIGNS = {
    "succeeded": "2713",
    "failed": "2715",
    "running": "25CF",
    "finalizing": "25CF",
    "canceled": "2298",
    "skipped": "2013",
}
"""Characters beside the words, so that nobody has to tell colours apart; others have a circle."""
_ROWS = (
    *("failed", "unknown", "running", "finalizing", "canceling", "waiting", "pending"),
    *("canceled", "skipped", "succeeded"),
)


def _rules() -> list[str]:
    rules = []
    for name, colour in _COLOURS.items():
        rules += [
            f".{name}:is(.mark,.sign){{color:var(--{colour})}}",
            f".bar.{name}{{fill:var(--{colour})}}",
            f".key.{name}::before{{background:var(--{colour})}}",
            f"header.{name}{{border-top-color:var(--{colour})}}",
        ]
    rules += [
        f'.{name}:is(.mark,.sign)::before{{content:"\\{sign}"/""}}' for name, sign in _SIGNS.items()
    ]
    # Rows of other states are hidden where one is chosen.
    rules += [
        f"#show-{name}:checked~.scroll tbody tr:not(.{name}){{display:none}}" for name in _ROWS
    ]
    return rules


STATES_STYLE = "\n".join(_rules())
"""Rules that come after the general ones of the same elements."""
