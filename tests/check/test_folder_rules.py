"""What a program does with its folders, and asks of Pennsieve."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.check.run_rules import check
from pennsieve_agent.domain.code_findings import Finding
from pennsieve_agent.source.snapshot import of_folder
from tests.check.snapshots import DOCKERFILE, Repo, findings, program

PYTHON = "import os, shutil, glob\nfrom pathlib import Path\n"
SOURCE = 'source = Path(os.environ["INPUT_DIR"])\nout = Path(os.environ["OUTPUT_DIR"])\n'
CASES = Path(__file__).parents[1] / "processors" / "repositories"
SHELL = 'FROM busybox:1\nCOPY . /\nUSER 1\nCMD ["sh", "/run.sh"]\n'


def input_writers(repository: Repo) -> list[Finding]:
    return findings(repository, "input-written")


@pytest.mark.parametrize(
    "code",
    [
        '(source / "x").write_text("1")',
        'open(source / "x", "w")',
        'open(os.path.join(os.getenv("INPUT_DIR"), "x"), mode="a")',
        'for path in source.rglob("*"):\n    path.unlink()',
        'for path in sorted(source.glob("*.gz")):\n    path.with_suffix("").open("wb")',
        'shutil.copy(out / "a", source)',
        'shutil.move(source / "a", out)',
        'shutil.rmtree(os.environ.get("INPUT_DIR", "/data"))',
        'os.makedirs(f"{source}/work", exist_ok=True)',
        'folder = source / "a"\nfolder.mkdir()',
        "for root, _, names in os.walk(source):\n    os.remove(os.path.join(root, names[0]))",
        'for entry in os.scandir(source):\n    os.rename(entry.path, entry.path + ".old")',
        'def main(folder):\n    (folder / "x").touch()\nmain(source)',
        'def main(out, folder):\n    (folder / "x").touch()\nmain(out, folder=source)',
        ('class A:\n    def __init__(self):\n        self.raw = source\n'
        '    def run(self):\n        (self.raw / "x").write_bytes(b"")'),
        'frame.to_csv(source / "table.csv")',
        'np.save(str(source / "a.npy"), a)',
        'for name in glob.glob(os.path.join(source, "*")):\n    open(name, "r+b")',
    ],
)  # fmt: skip
def test_python_that_writes_into_its_input(code: str) -> None:
    (note,) = input_writers(program(main__py=f"{PYTHON}{SOURCE}{code}\n"))
    assert str(note).startswith("main.py, line ")
    assert "only read" in note.rule.why
    assert note.how == "write to OUTPUT_DIR or /tmp"


@pytest.mark.parametrize(
    "code",
    [
        '(out / "x").write_text((source / "x").read_text())',
        'open(source / "x")',
        'open(source / "x", "rb")',
        'for path in source.iterdir():\n    (out / path.name).write_text("1")',
        "for path in source.iterdir():\n    shutil.copy(path, out)",
        ('for path in source.rglob("*"):\n    target = out / path.relative_to(source)\n'
        "    target.mkdir()"),
        'shutil.copytree(source, out / "copy")',
        "shutil.rmtree(out)\nout.mkdir()",
        'os.symlink(source / "a", out / "a")',
        'os.makedirs(f"{out}/{source}")',
        ("def first(folder):\n    folder.mkdir()\ndef second(folder):\n    return list(folder)\n"
        "first(out)\nsecond(source)"),
    ],
)  # fmt: skip
def test_python_that_only_reads_it(code: str) -> None:
    assert input_writers(program(main__py=f"{PYTHON}{SOURCE}{code}\n")) == []


@pytest.mark.parametrize(
    ("line", "writes"),
    [
        ('echo x > "$INPUT_DIR/list.txt"', True),
        ("ls >> ${INPUT_DIR}/log", True),
        ('mkdir -p "$INPUT_DIR/work"', True),
        ("gunzip $INPUT_DIR/*.gz", True),
        ('cp a "$INPUT_DIR"', True),
        ('mv "$INPUT_DIR/a" "$OUTPUT_DIR"', True),
        ('unzip a.zip -d "$INPUT_DIR"', True),
        ('tar xf a.tar -C "$INPUT_DIR/x"', True),
        ('cp "$INPUT_DIR/a" "$OUTPUT_DIR/"', False),
        ('ln -s "$INPUT_DIR/a" "$OUTPUT_DIR/a"', False),
        ('cat "$INPUT_DIR/a" > "$OUTPUT_DIR/a"', False),
        ('for f in "$INPUT_DIR"/*; do wc "$f"; done', False),
        ('# rm "$INPUT_DIR/a"', False),
        ('mkdir "$OUTPUT_DIR"; ls "$INPUT_DIR"', False),
        ('rm "$INPUT_DIRECTORY"', False),
    ],
)
def test_shell_that_writes_into_its_input(line: str, *, writes: bool) -> None:
    notes = input_writers(program(Dockerfile=SHELL, run__sh=f"#!/bin/sh\n{line}\n"))
    assert [note.line for note in notes] == ([2] if writes else [])


def test_code_that_asks_for_its_own_run() -> None:
    docker = DOCKERFILE.replace('"/app/main.py"', '"/app/main.py", "/app/get.R"')
    repository = program(
        Dockerfile=docker,
        main__py='"""Of /compute/workflows/runs/1."""\n\nu = f"{h}/compute/workflows/runs/{run}"\n',
        get__R='# /compute/workflows/runs\nGET(paste0(host, "/workflows/instances/", id))\n',
    )
    notes = findings(repository, "own-run-read")
    assert [(note.file, note.line) for note in notes] == [("get.R", 2), ("main.py", 3)]


def test_code_that_asks_for_its_own_run_only_without_a_dataset() -> None:
    asks = 'import os\nid = os.getenv("DATASET_ID") or ask("/compute/workflows/runs/1")\n'
    (note,) = findings(program(main__py=asks), "own-run-read")
    assert note.how == "it can read DATASET_ID, too, which it gets there"


def test_tokens_are_named_once_for_each_file() -> None:
    names = '"SESSION_TOKEN", "REFRESH_TOKEN", "SESSION_TOKEN"'
    (note,) = findings(program(main__py=f"import os\n\nkeys = [{names}]\n"), "token-read")
    assert (note.line, note.text.partition(",")[0]) == (3, "reads SESSION_TOKEN")
    assert note.text == "reads SESSION_TOKEN, REFRESH_TOKEN"


def test_code_that_reads_tokens() -> None:
    repository = program(
        main__py="import os\n# SESSION_TOKEN\nos.system('run.sh')\n"
        'key = os.environ["PENNSIEVE_API_KEY"]\n',
        run__sh='curl -H "Authorization: Bearer $SESSION_TOKEN"\n',
    )
    notes = findings(repository, "token-read")
    assert [(note.file, note.line) for note in notes] == [("main.py", 4), ("run.sh", 1)]
    assert "reads PENNSIEVE_API_KEY" in notes[0].text
    assert "--needs-pennsieve" in notes[1].how


def test_what_is_no_code_of_the_step_is_left_out() -> None:
    code = f'{PYTHON}{SOURCE}(source / "x").touch()\n"SESSION_TOKEN".lower()\n'
    names = ("tests/a.py", "test_b.py", "data.json", ".git/a.py", "notes.md", "other.py")
    files: dict[str, str | bytes] = dict.fromkeys(names, code)
    files |= {"main.py": "", "broken.py": "def", "long.py": code + "#" * 1_100_000}
    repository = Repo({**program().files, **files}, links={"link.py": "tests/a.py"})
    assert findings(repository) == []
    whole = program(Dockerfile=DOCKERFILE.replace("python", "tool"), **{"other.py": code})
    assert {note.file for note in findings(whole, "token-read")} == {"other.py"}


def test_a_script_without_a_suffix_is_told_by_its_first_line() -> None:
    repository = program(
        Dockerfile=DOCKERFILE.replace('"python", "/app/main.py"', '"tool"'),
        run="#!/usr/bin/env bash\nrm $INPUT_DIR/a\n",
        README="rm $INPUT_DIR/a",
        tool=f'#!/usr/bin/python3\n{PYTHON}{SOURCE}(source / "x").touch()\n',
    )
    assert [note.file for note in input_writers(repository)] == ["run", "tool"]


def test_processors_that_keep_the_rules() -> None:
    said = {
        path.name: {f.rule.id for f in check(of_folder(path))} - COMMON for path in CASES.iterdir()
    }
    assert said == {
        "asks-pennsieve": {"token-read"},
        "links-input": {"input-top-only", "variable-undeclared"},
        "new-manifest": {
            "dockerfile-base-unpinned",
            "manifest-schema",
            "manifest-resources-rounded",
        },
        "remakes-output": {"input-top-only"},
        "requirements-below": set(),
    }


COMMON = {"git-part", "git-none", "licence-missing", "manifest-missing", "dockerfile-root"}
"""What public processors have in common, or is so where they are kept here."""


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    for name in ("main.py", "run.sh", "main.R", "app.yml", "Dockerfile", ".dockerignore"):
        findings(program(**{name: text}))
        findings(Repo({name: text}))
