"""Nodes of every kind that there can be."""

from __future__ import annotations

from dataclasses import replace

from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Code, Gpu, Mode, Network, NodeSpec, Settings
from pennsieve_agent.account.spec.organisation_rules import Extras

NUMBER, PLATFORM = "123456789012", "740463337177"
WORKSPACE = "N:organization:0b9ad7b4-2f1c-4c3f-9a53-5f6f6e1e2a11"
DIGEST = "sha256:" + "c" * 64
NAMES = NodeNames("0a1b2c3d", NUMBER, "us-east-1")
OTHER = NodeNames("ffffffff", NUMBER, "us-east-1")
CODE = Code("a" * 64, "1.2.3")
ZONES = ("use1-az1", "use1-az2")
GPU = Gpu("g4dn.xlarge", 4, 2)
TAGS = (("cost-centre", "42"), ("owner", "ada@example.org"))
BOUNDARY = f"arn:aws:iam::{NUMBER}:policy/org/bounded"


def node(mode: Mode = Mode.BASIC, code: Code | None = CODE, **settings: object) -> NodeSpec:
    """A node of a mode that is turned on."""
    chosen = replace(Settings(mode=mode), **settings)  # type: ignore[arg-type]
    return NodeSpec(
        *(NAMES, "lab", WORKSPACE, PLATFORM),
        settings=chosen,
        code=code,
        transfer_digest=DIGEST,
        zones=ZONES,
    )


def every() -> dict[str, NodeSpec]:
    """By a name that says what is particular."""
    there = Network(
        "vpc-0123456789abcdef0", ("subnet-0123456789abcdef0", "subnet-0fedcba9876543210")
    )
    found = {mode.value: node(mode) for mode in Mode}
    found |= {f"{mode.value}-gpu": node(mode, gpu=GPU, monthly_budget=50.0) for mode in Mode}
    found |= {f"{mode.value}-existing": node(mode, network=there) for mode in Mode}
    found["organisation"] = node(Mode.SECURE, extras=Extras(BOUNDARY, TAGS), role_path="/research/")
    found["off"] = node(code=None)
    found["any account"] = replace(node(), platform_account_id="")
    return found
