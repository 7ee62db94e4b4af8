"""``pennsieve compute policy review``: one folder for a security officer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_options
from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.compute.printed_node import node_plan, registered_on
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import SettingsError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.register.account_plan import AccountPlan
    from pennsieve_agent.account.rights.review import Review

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")]


@command(
    "compute policy review",
    answers="policy_review",
    examples=[
        "pennsieve compute policy review review",
        "pennsieve compute policy review review --mode compliant",
    ],
)
def review(
    context: Context,
    folder: Folder,
    name: node_options.Name = node_options.DEFAULT_NAME,
    mode: node_options.Mode = None,
    permissions_boundary: node_options.Boundary = None,
    role_path: node_options.RolePath = None,
    tag: node_options.Tags = None,
    gpu_tier: node_options.GpuTier = None,
    max_gpu: node_options.MaxGpu = None,
    max_vcpus: node_options.MaxVcpus = None,
    monthly_budget: node_options.Budget = None,
    budget_email: node_options.BudgetEmail = None,
    vpc_id: node_options.Vpc = None,
    subnet: node_options.Subnets = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
) -> Shown:
    """Write a folder for whoever has to approve a node: templates, policies, data flows, costs.

    The same node gives the same files. A folder that this command wrote is replaced. AWS
    credentials are needed to learn the account's number; a sign-in is not.
    """
    from pennsieve_agent.account.rights.review import review_files

    flags = Flags(
        mode, permissions_boundary, role_path, tuple(tag or ()), gpu_tier, max_gpu, max_vcpus,
        monthly_budget, budget_email, vpc_id, tuple(subnet or ()),
    )  # fmt: skip
    before = _written_before(folder)
    plan = node_plan(context, name, flags, (region, aws_profile))[0]
    files = review_files(_review(context, name, plan))
    _write(folder, files, before)
    paths = sorted(files)
    return Shown(
        {"folder": str(folder), "files": paths},
        f"{len(paths)} files are in {folder}; begin with {folder / 'README.md'}",
        ["a registered node has eight characters of its own in its names"],
    )


def _review(context: Context, name: str, plan: AccountPlan) -> Review:
    import pennsieve_agent
    from pennsieve_agent.account.register.account_plan import NO_RIGHTS
    from pennsieve_agent.account.rights.installer import all_nodes
    from pennsieve_agent.account.rights.officer_sections import sections
    from pennsieve_agent.account.rights.review import Review
    from pennsieve_agent.account.rights.stack_rights import Place

    names = all_nodes(plan.identity)
    settings = plan.spec.settings
    boundary = settings.extras.boundary or names.account_boundary_arn
    return Review(
        plan.spec,
        plan.roles,
        sections(plan.roles, registered_on(context, name)),
        Place(names, boundary, settings.role_path),
        NO_RIGHTS,
        pennsieve_agent.__version__,
    )


def _written_before(folder: Path) -> frozenset[str]:
    """The files in a folder that this command wrote before.

    Raises:
        UsageProblem: there is something else in it.
    """
    from pennsieve_agent.account.rights.review import INDEX, WRITTEN_BY

    if folder.is_dir() and not any(folder.iterdir()):
        return frozenset()
    if not folder.exists() and not folder.is_symlink():
        return frozenset()
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        if index["written_by"] == WRITTEN_BY:
            return frozenset(map(str, index["files"]))
    except (OSError, ValueError, LookupError, TypeError):
        pass
    raise UsageProblem(
        f"{folder} exists already and is not from an earlier review",
        hint="name a new or empty folder",
    )


def _write(folder: Path, files: Mapping[str, str], before: frozenset[str]) -> None:
    """Write the files, and delete those of before that are none any more."""
    here = sorted(path for path in files if path not in before and (folder / path).exists())
    if here:
        raise UsageProblem(
            f"{folder / here[0]} exists already and is not from an earlier review",
            hint="move it away, or name a new folder",
        )
    try:
        for path in before - set(files):
            # Only what is below the folder: its index is a file that anybody can change.
            if (folder / path).resolve().is_relative_to(folder.resolve()):
                (folder / path).unlink(missing_ok=True)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise SettingsError(
            f"the review cannot be written: {error.strerror}",
            where=str(error.filename or folder),
            hint="choose another place",
        ) from error
