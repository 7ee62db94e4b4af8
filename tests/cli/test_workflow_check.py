"""``workflow check`` as typed: folders, repositories, formats, exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from pennsieve_agent.check.rules import RULES
from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import faults
from tests.check.snapshots import DOCKERFILE, MANIFEST
from tests.cli.harness import Agent, Result
from tests.source.repositories import Repository
from tests.source.servers import Refusing, served

GOOD: dict[str, str | None] = {
    "Dockerfile": DOCKERFILE,
    "app.yml": MANIFEST,
    "LICENSE": "MIT",
    "main.py": "print(1)\n",
}


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    """Nobody is signed in, and no server answers."""
    return Agent({"HOME": str(tmp_path / "home"), "PENNSIEVE_CONFIG": str(tmp_path / "none.ini")})


@pytest.fixture
def good(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "spike-rate", start=False)
    repository.commit(GOOD, tag="v1.0.0")
    return repository


def rules(result: Result) -> list[str]:
    return [finding["rule"] for finding in result.document["findings"]]


def test_code_that_keeps_all_rules(agent: Agent, good: Repository) -> None:
    result = agent("workflow", "check", str(good.path))
    assert (result.code, result.out) == (0, "")
    assert "(files: 4); errors: 0, warnings: 0, notes: 0" in result.err
    assert agent("workflow", "check", good.url, "--ref", "v1.0.0", "--json").document == {
        "checked": f"{good.url} at v1.0.0",
        "files": 4,
        "passed": True,
        "errors": 0,
        "warnings": 0,
        "notes": 0,
        "findings": [],
        "unread": 0,
    }


def test_a_folder_is_checked_as_it_is_and_a_ref_as_it_was(agent: Agent, good: Repository) -> None:
    (good.path / "Dockerfile").write_text("FROM python\nCOPY src /src\n")
    (good.path / ".gitignore").write_text("*.log\n")
    (good.path / "big.log").write_text("ghp_" + "a" * 36)
    result = agent("workflow", "check", str(good.path), "--json")
    assert result.code == 1
    assert rules(result) == [
        "dockerfile-no-command",
        "dockerfile-copy-missing",
        "dockerfile-base-unpinned",
        "dockerfile-root",
    ]
    assert list(faults("workflow_check", result.document, DOCUMENTS)) == []
    assert agent("workflow", "check", f"{good.path}@v1.0.0").code == 0
    assert agent("workflow", "check", str(good.path), "--ref", "main").code == 0


def test_text_on_a_terminal_and_in_a_pipe(agent: Agent, good: Repository) -> None:
    good.commit({"Dockerfile": DOCKERFILE.replace("main.py", "mian.py")})
    piped = agent("workflow", "check", str(good.path))
    place, level, rule, text, *_ = piped.out.rstrip("\n").split("\t")
    assert (place, level, rule) == ("Dockerfile:4", "error", "entry-missing")
    assert text == "the command runs /app/mian.py, and the repository has no mian.py"
    shown = agent("workflow", "check", str(good.path), terminal=True, width=80).out
    assert shown.startswith("error Dockerfile:4 (entry-missing)\n  the command runs")
    assert "  why: the container ends as soon as it starts\n  mend: " in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_warnings_and_notes_do_not_fail(agent: Agent, good: Repository) -> None:
    good.commit({"LICENSE": None, "app.yml": MANIFEST + "size: 3\n"})
    result = agent("workflow", "check", str(good.path), "--json")
    assert (result.code, rules(result)) == (0, ["manifest-schema", "licence-missing"])


REGION = {"type": "object", "required": ["startLine"], "properties": {"startLine": {"minimum": 1}}}
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {
            "type": "object",
            "required": ["uri"],
            "properties": {"uri": {"type": "string", "pattern": "^[^/ ][^ ]*$"}},
        },
        "region": REGION,
    },
}
DRIVER = {
    "type": "object",
    "required": ["name", "rules"],
    "properties": {
        "name": {"type": "string"},
        "rules": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "type": "object",
                "required": ["id", "shortDescription", "help"],
                "properties": {
                    "id": {"type": "string"},
                    "shortDescription": MESSAGE,
                    "fullDescription": MESSAGE,
                    "help": MESSAGE,
                    "defaultConfiguration": {"properties": {"level": LEVEL}},
                },
            },
        },
    },
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {"required": ["driver"], "properties": {"driver": DRIVER}},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "level", "locations"],
                            "properties": {
                                "message": MESSAGE,
                                "ruleId": {"enum": list(RULES)},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": LEVEL,
                                "locations": {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {"physicalLocation": PLACE},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
"""What SARIF 2.1.0 requires (sections 3.13, 3.14, 3.18, 3.19, 3.27 to 3.30), and GitHub on top of
that ("SARIF support for code scanning": rule ids, a location, a line)."""


def test_sarif(agent: Agent, good: Repository) -> None:
    more = {"a b/é.py": f'x = "{"ghp_" + "a" * 36}"\n', "LICENSE": None}
    good.commit({**more, "Dockerfile": "FROM python\nCOPY src /src\n"})
    result = agent("workflow", "check", str(good.path), "--format", "sarif")
    log: Any = json.loads(result.out)
    jsonschema.Draft7Validator(SARIF).validate(log)
    assert result.code == 1
    (run,) = log["runs"]
    rows = run["tool"]["driver"]["rules"]
    assert [row["id"] for row in rows] == list(RULES)
    for entry in run["results"]:
        assert rows[entry["ruleIndex"]]["id"] == entry["ruleId"]
    places = {
        entry["ruleId"]: entry["locations"][0]["physicalLocation"] for entry in run["results"]
    }
    assert places["secret-in-file"] == {
        "artifactLocation": {"uri": "a%20b/%C3%A9.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 1},
    }
    assert places["licence-missing"]["artifactLocation"]["uri"] == "Dockerfile"
    both = agent("workflow", "check", str(good.path), "--format", "sarif", "--json")
    assert both.code == 2
    assert "leave out --json" in both.out


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("{here}/nothing",), "there is no such folder", "check the path"),
        (("{here}/file",), "this is a file, not a git repository", "give the folder"),
        (("{code}", "--ref", "v9"), "has no tag, branch or commit 'v9'", "its tags are: v1.0.0"),
        (("ftp://example.org/x",), "cannot be fetched by ftp", "https://"),
        (("https://u:p@github.com/lab/x",), "has a user name or password in it", "git config"),
        (("http://127.0.0.1:9/x.git",), "cannot be reached", ""),
    ],
)
def test_what_cannot_be_checked(
    agent: Agent, good: Repository, tmp_path: Path, words: tuple[str, ...], message: str, hint: str
) -> None:
    (tmp_path / "file").write_text("x")
    typed = [word.format(here=tmp_path, code=good.path) for word in words]
    result = agent("workflow", "check", *typed)
    assert result.code == 2 if hint else result.code in {1, 2}
    assert message in result.err
    assert hint in result.err
    assert result.err.count("error:") == 1


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [("401", "is private, or does not exist", "sign in with git"), ("404", "there is no", "check")],
)
def test_a_repository_that_nobody_here_may_read(
    agent: Agent, tmp_path: Path, status: str, message: str, hint: str
) -> None:
    with served(Refusing, tmp_path) as host:
        result = agent("workflow", "check", f"{host}/{status}/x.git")
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert hint in result.err


def test_a_folder_outside_git_and_one_that_is_a_part(
    agent: Agent, good: Repository, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(good.path, plain, ignore=shutil.ignore_patterns(".git"))
    assert rules(agent("workflow", "check", str(plain), "--json")) == ["git-none"]
    good.commit({f"step/{name}": text for name, text in GOOD.items()})
    below = agent("workflow", "check", str(good.path / "step"), "--json")
    assert (below.code, rules(below)) == (0, ["git-part"])


def test_a_bare_repository_is_checked_at_its_newest_version(
    agent: Agent, good: Repository, tmp_path: Path
) -> None:
    good.git("clone", "--quiet", "--bare", str(good.path), str(tmp_path / "bare.git"))
    result = agent("workflow", "check", str(tmp_path / "bare.git"), "--json")
    assert result.document["checked"].endswith("bare.git at v1.0.0")
    assert result.document["findings"] == []


def test_large_files_elsewhere_are_not_fetched(agent: Agent, good: Repository) -> None:
    good.git("config", "uploadpack.allowFilter", "true")
    (good.path / "scan.bin").write_bytes(bytes(2 << 20))
    good.commit(tag="v2.0.0")
    result = agent("workflow", "check", good.url, "--ref", "v2.0.0")
    assert result.code == 0
    assert "1 file of more than 1 MB was not read" in result.err


def test_everything_that_is_wrong_is_told_at_once(agent: Agent, good: Repository) -> None:
    """Wrong encodings, line ends, links, submodules and two manifests do not hide each other."""
    (good.path / "notes.py").write_bytes(b"# caf\xe9\nx = 1\n")
    (good.path / "data").symlink_to("/etc/passwd")
    (good.path / "application.json").write_bytes(b'{"name": "caf\xe9"}')
    (good.path / "Dockerfile").write_bytes(
        b'# caf\xe9\r\nFROM python\r\nCOPY . /app\r\nCMD ["/app/run.sh"]\r\n'
    )
    (good.path / "run.sh").write_bytes(b"#!/bin/sh\r\necho $SCALE\r\n")
    (good.path / "app.yml").write_text(
        MANIFEST + "parameters:\n  - {name: INPUT_DIR, type: text}\n"
    )
    result = agent("workflow", "check", str(good.path), "--json")
    assert set(rules(result)) == {
        *("dockerfile-base-unpinned", "dockerfile-root", "entry-line-ends", "link-outside"),
        *("entry-not-executable", "manifest-schema", "parameter-reserved", "manifest-unreadable"),
        "variable-undeclared",
    }
