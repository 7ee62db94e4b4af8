"""What credentials are found on a machine, and which of them are taken unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from pennsieve_agent.aws.profiles import Configured, Kind, best_first, surrounding, usual

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden-word"}
DEFAULT = Configured("default", Kind.STATIC)
WORK = Configured("work", Kind.SSO, "111122223333")


@pytest.mark.parametrize(
    ("environ", "kinds"),
    [
        ({}, []),
        ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}, []),
        (KEYS, [Kind.ENVIRONMENT]),
        (
            {"AWS_ROLE_ARN": "arn", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"},
            [Kind.WEB_IDENTITY],
        ),
        (KEYS | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "u"}, [Kind.ENVIRONMENT, Kind.CONTAINER]),
    ],
)
def test_what_surrounds(environ: dict[str, str], kinds: list[Kind], tmp_path: Path) -> None:
    assert [row.kind for row in surrounding(environ, tmp_path / "none")] == kinds


def test_a_machine_of_aws_may_have_a_role(tmp_path: Path) -> None:
    vendor = tmp_path / "sys_vendor"
    vendor.write_text("Amazon EC2\n")
    assert [row.kind for row in surrounding({}, vendor)] == [Kind.INSTANCE]
    assert surrounding({"AWS_EC2_METADATA_DISABLED": "true"}, vendor) == ()
    vendor.write_text("QEMU\n")
    assert surrounding({}, vendor) == ()


def test_the_best_kind_is_first() -> None:
    rows = [DEFAULT, Configured("", Kind.ENVIRONMENT), WORK, Configured("a", Kind.SSO)]
    assert [row.label for row in best_first(rows)] == ["a", "work", "(environment)", "default"]


@pytest.mark.parametrize(
    ("rows", "taken"),
    [
        ([], None),
        ([WORK], None),
        ([WORK, DEFAULT], DEFAULT),
        ([WORK, DEFAULT, Configured("", Kind.ENVIRONMENT)], Configured("", Kind.ENVIRONMENT)),
        ([Configured("", Kind.INSTANCE), DEFAULT], DEFAULT),
        ([Configured("", Kind.INSTANCE), WORK], Configured("", Kind.INSTANCE)),
        ([Configured("default", Kind.NONE), WORK], None),
        ([Configured("default", Kind.KEYCHAIN)], None),
    ],
)
def test_what_awss_tools_take(rows: list[Configured], taken: Configured | None) -> None:
    assert usual(rows) == taken
