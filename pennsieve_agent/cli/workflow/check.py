"""``pennsieve workflow check``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import ExitCode, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.services.workflows.check_code import Checked


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    SARIF = "sarif"


Repository = Annotated[
    str,
    typer.Argument(
        metavar="REPO",
        help="Git URL, OWNER/NAME on GitHub, REPO@TAG for a tag, or a folder as it is on the disk.",
    ),
]
Ref = Annotated[
    str | None,
    typer.Option(
        "--ref",
        metavar="TAG",
        help="Tag, branch or commit. Default: the newest version tag; of a folder, its files.",
    ),
]
Output = Annotated[
    Format,
    typer.Option("--format", metavar="FORMAT", help="SARIF is for code review, as on GitHub."),
]


@command(
    "workflow check",
    answers="workflow_check",
    examples=[
        "pennsieve workflow check .",
        "pennsieve workflow check https://github.com/lab/spike-rate --ref v1.0.0",
        "pennsieve workflow check . --format sarif > findings.sarif",
    ],
)
def check(
    context: Context, repository: Repository = ".", ref: Ref = None, output: Output = Format.TEXT
) -> Shown:
    """Check code before it is built: Dockerfile, manifest, files and variables.

    All problems are listed at once, with the place, the reason and what to do. Nothing is built,
    run or sent, and no sign-in is needed. 'workflow add' checks the same and stops at errors. The
    exit code is 1 if there is an error; warnings and notes do not count. Files larger than 1 MB are
    not fetched from a remote repository; a note says how many.
    """
    from pennsieve_agent.cli.workflow.code_context import with_typed_token
    from pennsieve_agent.services.workflows.check_code import check_source
    from pennsieve_agent.services.workflows.workflow_steps import split_ref
    from pennsieve_agent.transfer.temporary_folders import temporary_folder

    if output is Format.SARIF and context.as_json:
        raise UsageProblem("SARIF is JSON already", hint="leave out --json")
    name, tag = (repository, ref) if ref else split_ref(repository)
    with temporary_folder() as folder:
        checked = with_typed_token(
            context, folder, lambda empty: check_source(name, tag, empty, context.streams.note)
        )
    return _sarif(checked) if output is Format.SARIF else _text(checked)


def _code(checked: Checked) -> ExitCode:
    from pennsieve_agent.domain.code_findings import errors_of

    return ExitCode.FAILED if errors_of(checked.findings) else ExitCode.OK


def _text(checked: Checked) -> Shown:
    from pennsieve_agent.console import check_documents

    document = {
        **check_documents.document(checked.place, checked.files, checked.findings),
        "unread": checked.unread,
    }
    counts = ", ".join(f"{kind}: {document[kind]}" for kind in ("errors", "warnings", "notes"))
    notes = [f"checked {checked.place} (files: {checked.files}); {counts}"]
    notes += _unread(checked)
    text = check_documents.shown(checked.findings)
    return Shown(document, text, notes, exit_code=_code(checked))


def _unread(checked: Checked) -> list[str]:
    from pennsieve_agent.console.words import plural

    if not checked.unread:
        return []
    files, were = plural(checked.unread, "file"), "was" if checked.unread == 1 else "were"
    text = (
        f"{files} of more than 1 MB {were} not read or checked; to check them, too, clone the "
        "repository and name its folder"
    )
    return [text]


def _sarif(checked: Checked) -> Shown:
    import json

    from pennsieve_agent import __version__
    from pennsieve_agent.check.rules import RULES
    from pennsieve_agent.console import check_documents

    log = check_documents.sarif(__version__, RULES.values(), checked.findings)
    return Shown(text=json.dumps(log, indent=2), notes=_unread(checked), exit_code=_code(checked))
