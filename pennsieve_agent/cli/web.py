"""Pennsieve's web application in the user's browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context

WEB = "https://app.pennsieve.io"
"""Its only address that is documented (``contracts/core.md`` 0.1): none of a dataset's page is."""


def open_web(context: Context, opens: Callable[[str], bool] | None = None) -> str:
    """Open the web application where there is a browser; its address, which is printed as well.

    Raises:
        UsageProblem: the profile is that of a sandbox, which has no web application.
    """
    import webbrowser

    if not context.profile.hosts.hosted:
        raise UsageProblem(
            "a sandbox has no web application",
            hint="see the files with: pennsieve run show --outputs; fetch them with: "
            "pennsieve run download --to DIR",
        )
    if context.streams.out_is_terminal:
        (opens or webbrowser.open)(WEB)
    return WEB
