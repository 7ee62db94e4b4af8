"""``pennsieve workflow init``: a working start, around the script that is there."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown

if TYPE_CHECKING:
    from pennsieve_agent.services.new_workflow.plan import Wish


class ProgramLanguage(StrEnum):
    """What the program is written in."""

    PYTHON = "python"
    R = "r"


class License(StrEnum):
    """The licence of the new repository."""

    MIT = "mit"
    APACHE = "apache-2.0"
    NONE = "none"


Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The workflow's folder; it is made if need be.")
]
OfProgram = Annotated[
    ProgramLanguage | None,
    typer.Option(
        "--language", metavar="LANGUAGE", help="Default: that of the script; else python."
    ),
]
Bids = Annotated[bool, typer.Option("--bids", help="A program with the command line of BIDS Apps.")]
ScriptFile = Annotated[
    str | None,
    typer.Option(
        "--script", metavar="FILE", help="The script to start. Default: the only one in DIR."
    ),
]
OfRepository = Annotated[
    License, typer.Option("--license", metavar="LICENSE", help="Who else may use the code.")
]
NoGit = Annotated[
    bool, typer.Option("--no-git", help="Write the files alone: no repository, commit or tag.")
]


@command(
    "workflow init",
    answers="new_workflow",
    examples=[
        "pennsieve workflow init spike-rate",
        "pennsieve workflow init . --script analyse.R",
        "pennsieve workflow init my-app --bids --dry-run",
    ],
)
def init(
    context: Context,
    folder: Folder = Path(),
    language: OfProgram = None,
    bids: Bids = False,
    script: ScriptFile = None,
    license_: OfRepository = License.MIT,
    no_git: NoGit = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Make a workflow from a script, or a new one: write what it needs to run on a node.

    Written are a Dockerfile, a manifest, a README, a licence, and a GitHub Action that checks and
    tests the code; without a script also a small program with its test and test data. The script is
    read to find its parameters, its folders and the packages that it imports. No existing file is
    changed. Outside a git repository, one is made, with a first commit and the tag v0.1.0. The
    result passes 'workflow check' and 'workflow test'.
    """
    from pennsieve_agent.cli.extras import public_requirement
    from pennsieve_agent.cli.workflow import init_views
    from pennsieve_agent.services.new_workflow import begin, plan
    from pennsieve_agent.source.new_repository import who_commits

    place = Path.cwd() / folder.expanduser()
    place = place.resolve()
    before = begin.folder_before(place, context.home)
    around = next(path for path in (place, *place.parents) if path.is_dir())
    holder = who_commits(around) or f"the authors of {place.name}"
    facts = plan.Facts(holder, _year(context), public_requirement())
    start = plan.plan(before, _wish(language, script, license_, is_bids=bids), facts)
    if dry_run:
        return init_views.planned(folder, start, makes_git=not no_git and not before.is_git)
    part = context.interruption.during(
        "some files may be written", "go on with: the same command, which writes what is missing"
    )
    with part:
        begun = begin.begin(place, before, start, with_git=not no_git)
    return init_views.begun(folder, start, begun)


def _wish(
    language: ProgramLanguage | None, script: str | None, licence: License, *, is_bids: bool
) -> Wish:
    from pennsieve_agent.check.sources import Language
    from pennsieve_agent.services.new_workflow.plan import Licence, Wish

    languages = {ProgramLanguage.PYTHON: Language.PYTHON, ProgramLanguage.R: Language.R}
    chosen = None if language is None else languages[language]
    return Wish(chosen, is_bids, script, Licence(licence.value))


def _year(context: Context) -> int:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(context.now(), UTC).year
