"""Profiles in the file that other tools write too."""

from __future__ import annotations

from pathlib import Path

from tests.cli.harness import Agent

FILE = """\
; written by hand
[global]
default_profile=lab

[lab]
api_token=key-of-lab
api_secret=hush

[broken]
api_token=key-of-broken
api_host=not an address

[agent]
port=9000
"""


def test_one_unusable_profile_does_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    path.write_text(FILE)
    agent = Agent({"HOME": str(tmp_path), "PENNSIEVE_CONFIG": str(path)})
    result = agent("profile", "list")
    assert result.code == 0
    assert result.out.splitlines()[0] == "NAME\tDEFAULT\tHOST"
    assert "lab\tyes\thttps://api.pennsieve.io" in result.out
    assert "profile 'broken'" in result.err
    assert "hush" not in result.out + result.err


def test_use_and_remove_touch_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    path.write_text(FILE)
    agent = Agent({"HOME": str(tmp_path), "PENNSIEVE_CONFIG": str(path)})
    assert agent("profile", "remove", "broken").code == 0
    kept = path.read_text()
    assert "; written by hand" in kept
    assert "broken" not in kept
    assert "[agent]\nport=9000" in kept
    assert path.stat().st_mode & 0o777 == 0o600
    assert agent("profile", "use", "nothing").code == 2
    assert agent("profile", "show", "lab", "--json").document["key"] == "key-of-lab"
    assert agent("profile", "list", "--profile").code == 2


def test_a_dry_run_changes_no_profile(tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    path.write_text(FILE)
    agent = Agent({"HOME": str(tmp_path), "PENNSIEVE_CONFIG": str(path)})
    for line, words in (
        ("profile use LAB", "Would make profile 'lab' the default"),
        ("profile remove lab", "Would forget profile 'lab' and its secret on this machine"),
        ("logout", "Would forget profile 'lab' and its secret on this machine"),
    ):
        plan = agent(*line.split(), "--dry-run")
        assert (plan.code, plan.out) == (0, f"{words}\n"), plan.err
        assert agent(*line.split()[:2], "nothing", "--dry-run").code == 2
    assert path.read_text() == FILE
