"""What is asked for on the command line, and what becomes of it together with what was before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pennsieve_agent.account.spec.node_spec import Gpu, Mode, Network, Settings
from pennsieve_agent.account.spec.organisation_rules import Extras
from pennsieve_agent.errors import UsageProblem

MOST_VCPUS = 100_000
"""No account has so many; more is a mistyped number."""

_PATH = re.compile(r"/|/[\x21-\x7e]{1,510}/")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_VPC = re.compile(r"vpc-[0-9a-f]{8,17}")
_SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}")
_AGAIN = "remove the node and register it again, or register another one with: --name"


@dataclass(frozen=True, slots=True)
class TypedSettings:
    """Settings as they were typed; None, and empty extras, mean "unchanged"."""

    mode: Mode | None = None
    network: Network | None = None
    gpu: Gpu | None = None
    max_vcpus: int | None = None
    monthly_budget: float | None = None
    budget_email: str | None = None
    own_email: str = ""
    """The address that is warned where nobody named one."""
    extras: Extras = field(default_factory=Extras)
    role_path: str | None = None


def parse_mode(word: str) -> Mode:
    """A mode by its word.

    Raises:
        UsageProblem: there is no such mode.

    """
    try:
        return Mode(word)
    except ValueError:
        raise UsageProblem(
            f"there is no deployment mode '{word}'",
            hint=f"choose one of: {', '.join(Mode)}",
        ) from None


def parse_network(vpc_id: str | None, subnet_ids: tuple[str, ...]) -> Network | None:
    """An existing network, None when none is named.

    Raises:
        UsageProblem: half of it is missing, or it is not an AWS id.

    """
    if vpc_id is None and not subnet_ids:
        return None
    if vpc_id is None or not subnet_ids:
        raise UsageProblem(
            "--vpc-id and --subnet must be given together",
            hint="for example: --vpc-id vpc-... --subnet subnet-... --subnet subnet-...",
        )
    for pattern, words in ((_VPC, (vpc_id,)), (_SUBNET, subnet_ids)):
        for word in words:
            if not pattern.fullmatch(word):
                raise UsageProblem(
                    f"'{word}' is not the id of a VPC or subnet",
                    hint="see them with: aws ec2 describe-subnets",
                )
    if len(set(subnet_ids)) < len(subnet_ids):
        raise UsageProblem("a subnet is given twice", hint="give each --subnet once")
    return Network(vpc_id, subnet_ids)


def settle(typed: TypedSettings, before: Settings | None) -> Settings:
    """The settings that were typed, else those of before, else the defaults.

    Raises:
        UsageProblem: a setting is invalid, or cannot be changed any more.

    """
    base = before or Settings()
    settings = Settings(
        mode=typed.mode or base.mode,
        network=base.network if typed.network is None else typed.network,
        gpu=base.gpu if typed.gpu is None else typed.gpu,
        max_vcpus=base.max_vcpus if typed.max_vcpus is None else typed.max_vcpus,
        monthly_budget=(
            base.monthly_budget if typed.monthly_budget is None else typed.monthly_budget
        ),
        budget_email=_warned(typed, base),
        extras=Extras(
            typed.extras.boundary or base.extras.boundary, typed.extras.tags or base.extras.tags
        ),
        role_path=base.role_path if typed.role_path is None else typed.role_path,
    )
    _check(settings)
    if before is not None:
        _check_same(settings, before)
    return settings


def _warned(typed: TypedSettings, base: Settings) -> str:
    """Whom the budget warns: who was named, now or before, else who sets it."""
    named = base.budget_email if typed.budget_email is None else typed.budget_email
    return named or (typed.own_email if typed.monthly_budget else "")


def _check(settings: Settings) -> None:
    if not 1 <= settings.max_vcpus <= MOST_VCPUS:
        raise UsageProblem(
            f"--max-vcpus must be from 1 to {MOST_VCPUS}",
            hint=f"the default is {Settings().max_vcpus}",
        )
    if settings.monthly_budget < 0:
        raise UsageProblem(
            "--monthly-budget must not be negative", hint="--monthly-budget 0 means no budget"
        )
    if settings.budget_email and not _EMAIL.fullmatch(settings.budget_email):
        raise UsageProblem(
            f"'{settings.budget_email}' is not an e-mail address",
            hint="give one, for example: --budget-email you@example.org",
        )
    if not _PATH.fullmatch(settings.role_path):
        raise UsageProblem(
            f"'{settings.role_path}' is not a valid IAM path",
            hint="a path begins and ends with a slash, for example: --role-path /research/",
        )


def _check_same(now: Settings, before: Settings) -> None:
    """Refuse what AWS could only do by replacing everything.

    The mode of a node's record can never be changed (``contracts/resources.md`` 3.5), so a node
    whose network was replaced would be listed with the old mode.
    """
    if now.mode is not before.mode:
        raise UsageProblem(
            f"the mode of a node cannot be changed; this one is {before.mode}. AWS would have to "
            "replace the node's file system",
            hint=_AGAIN,
        )
    if now.network != before.network:
        was = before.network.vpc_id or "a VPC of its own"
        raise UsageProblem(
            f"the network of a node cannot be changed; this one has {was}", hint=_AGAIN
        )
    if now.role_path != before.role_path:
        raise UsageProblem(
            f"the IAM path of a node's roles cannot be changed; this one has {before.role_path}",
            hint=_AGAIN,
        )
