"""Pennsieve's web application in the user's browser; of a sandbox, its folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context

WEB = "https://app.pennsieve.io"
"""Its only address that is documented (``contracts/core.md`` 0.1): none of a dataset's page is."""


def open_web(
    context: Context,
    dataset: str,
    folders: Sequence[str],
    opens: Callable[[str], bool] | None = None,
) -> str:
    """Open the web application where there is a browser; its address, which is printed as well.

    Of a sandbox on this machine it is the first of the ``folders`` of the dataset that is there.

    Raises:
        UsageProblem: the profile is that of a sandbox whose folder is not known.
    """
    import webbrowser

    address = WEB if context.profile.hosts.hosted else _in_sandbox(context, dataset, folders)
    if context.streams.out_is_terminal:
        (opens or webbrowser.open)(address)
    return address


def _in_sandbox(context: Context, dataset: str, folders: Sequence[str]) -> str:
    root = sandbox_folder(context)
    if root is None:
        raise UsageProblem(
            "a sandbox has no web application, and the folder of this one is not known",
            hint="its files are in the folder 'datasets' of the one that it was started with: "
            "pennsieve sandbox status --data DIR",
        )
    held = root / "datasets" / dataset
    places = [*(held / folder for folder in folders), held, root / "datasets"]
    return next((place for place in places if place.is_dir()), root).as_uri()


def sandbox_folder(context: Context) -> Path | None:
    """The folder of the sandbox that the profile leads to: that of 'sandbox env', or the usual."""
    from pennsieve_agent.cli.sandbox.box import folder
    from pennsieve_agent.sandbox.host.state import STATE_FILE, SandboxState

    for place in (context.config_path.parent, folder(context, None)):
        try:
            state = SandboxState.load((place / STATE_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if state.api == context.profile.hosts.api:
            return place.absolute()
    return None
