"""``--target`` of ``pennsieve workflow add``: what is done with the results of the last step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.domain.target_types import ASSET_TARGET, DATASET_TARGET, LAYER_TARGET
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.composition import Composition
    from pennsieve_agent.domain.workflows import Checkout

Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="TARGET",
        help="Where results go: dataset; asset=TYPE, a viewer asset of the input files; or "
        "layer=NAME, a layer of the node. Default: dataset.",
    ),
]
_TARGETS = {
    "dataset": (DATASET_TARGET, "", ""),
    "asset": (ASSET_TARGET, "ASSET_TYPE", "ome-zarr"),
    "layer": (LAYER_TARGET, "layerName", "atlas"),
}
"""The name on Pennsieve, what it requires (``contracts/workflows.md`` 2.5), and an example."""
_LAYER = re.compile(r"[a-z0-9][a-z0-9-]*")
"""``contracts/workflows.md`` 2.6."""


def check_target(typed: str | None, *, in_file: bool) -> None:
    """Refuse a target that cannot be, before anything is fetched.

    Raises:
        UsageProblem: it is not one, or the workflow is composed in a file.
    """
    if typed is None:
        return
    if in_file:
        raise UsageProblem(
            "--target cannot be given with a file that composes steps",
            hint="write it in the file, below targets:",
        )
    _parsed(typed)


def with_target(checkouts: Sequence[Checkout], typed: str | None) -> Composition | None:
    """The chain of this code with the target that was typed; None where none was."""
    from dataclasses import replace

    from pennsieve_agent.services.workflows.workflow_steps import line_of

    if typed is None:
        return None
    name, parameters = _parsed(typed)
    line = line_of(checkouts)
    targets = tuple(replace(t, target=name, parameters=parameters) for t in line.targets)
    return replace(line, targets=targets)


def _parsed(typed: str) -> tuple[str, dict[str, str]]:
    word, equals, value = typed.partition("=")
    if word not in _TARGETS:
        raise UsageProblem(
            f"'{typed}' is not a target",
            hint="use one of: dataset, asset=TYPE, layer=NAME; all targets: pennsieve workflow "
            "add --targets",
        )
    name, parameter, example = _TARGETS[word]
    if parameter and not value:
        raise UsageProblem(
            f"--target {word} does not say which", hint=f"for example: --target {word}={example}"
        )
    if equals and not parameter:
        raise UsageProblem(
            f"--target {word} takes no value",
            hint="give the folder when the run starts: run start --folder FOLDER",
        )
    if name == LAYER_TARGET and not _LAYER.fullmatch(value):
        raise UsageProblem(
            f"'{value}' is not a valid name for a layer",
            hint="use lower-case letters, digits and '-', beginning with a letter or digit",
        )
    return name, {parameter: value} if parameter else {}
