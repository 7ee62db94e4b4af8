"""What code does that a node has no answer to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.source.code_checks import habits, input_writers, own_run_readers, token_readers

PYTHON = "import os, shutil, glob\nfrom pathlib import Path\n"
SOURCE = 'source = Path(os.environ["INPUT_DIR"])\nout = Path(os.environ["OUTPUT_DIR"])\n'
CASES = Path(__file__).parents[1] / "processors" / "repositories"


def repository(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


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
def test_python_that_writes_into_its_input(tmp_path: Path, code: str) -> None:
    (note,) = input_writers(repository(tmp_path, main__py=f"{PYTHON}{SOURCE}{code}\n"))
    assert str(note).startswith("main.py, line ")
    assert "only read" in str(note)


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
def test_python_that_only_reads_it(tmp_path: Path, code: str) -> None:
    assert input_writers(repository(tmp_path, main__py=f"{PYTHON}{SOURCE}{code}\n")) == []


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
def test_shell_that_writes_into_its_input(tmp_path: Path, line: str, *, writes: bool) -> None:
    notes = input_writers(repository(tmp_path, run__sh=f"#!/bin/sh\n{line}\n"))
    assert [note.line for note in notes] == ([2] if writes else [])


def test_code_that_asks_for_its_own_run(tmp_path: Path) -> None:
    repository(
        tmp_path,
        main__py='"""Of /compute/workflows/runs/1."""\n\nu = f"{h}/compute/workflows/runs/{run}"\n',
        get__R='# /compute/workflows/runs\nGET(paste0(host, "/workflows/instances/", id))\n',
    )
    assert [(note.file, note.line) for note in own_run_readers(tmp_path)] == [
        ("get.R", 2),
        ("main.py", 3),
    ]


def test_code_that_asks_for_its_own_run_only_without_a_dataset(tmp_path: Path) -> None:
    asks = 'import os\nid = os.getenv("DATASET_ID") or ask("/compute/workflows/runs/1")\n'
    repository(tmp_path, main__py=asks)
    (note,) = own_run_readers(tmp_path)
    assert note.text.endswith("it can read DATASET_ID, too, which it gets there")


def test_tokens_are_named_once_for_each_file(tmp_path: Path) -> None:
    names = '"SESSION_TOKEN", "REFRESH_TOKEN", "SESSION_TOKEN"'
    repository(tmp_path, main__py=f"import os\n\nkeys = [{names}]\n")
    (note,) = token_readers(tmp_path)
    assert (note.line, note.text.partition(",")[0]) == (3, "reads SESSION_TOKEN")
    assert note.text.startswith("reads SESSION_TOKEN, REFRESH_TOKEN, which")


def test_code_that_reads_tokens(tmp_path: Path) -> None:
    repository(
        tmp_path,
        main__py='import os\n# SESSION_TOKEN\nkey = os.environ["PENNSIEVE_API_KEY"]\nkey = key\n',
        run__sh='curl -H "Authorization: Bearer $SESSION_TOKEN"\n',
    )
    notes = token_readers(tmp_path)
    assert [(note.file, note.line) for note in notes] == [("main.py", 3), ("run.sh", 1)]
    assert "reads PENNSIEVE_API_KEY" in notes[0].text
    assert "--needs-pennsieve" in notes[1].text
    assert habits(tmp_path) == notes
    assert habits(tmp_path, needs_pennsieve=True) == []


def test_what_is_no_code_of_the_step_is_left_out(tmp_path: Path) -> None:
    code = f'{PYTHON}{SOURCE}(source / "x").touch()\n"SESSION_TOKEN".lower()\n'
    repository(tmp_path, **{"tests/a.py": code, "test_b.py": code, "data.json": code})
    repository(tmp_path, **{".git/a.py": code, "broken.py": "def", "notes.md": "SESSION_TOKEN"})
    (tmp_path / "link.py").symlink_to(tmp_path / "tests" / "a.py")
    (tmp_path / "long.py").write_text(code + "#" * 1_100_000)
    assert habits(tmp_path) == []


def test_a_script_without_a_suffix_is_told_by_its_first_line(tmp_path: Path) -> None:
    repository(tmp_path, run="#!/usr/bin/env bash\nrm $INPUT_DIR/a\n", README="rm $INPUT_DIR/a")
    repository(tmp_path, tool=f'#!/usr/bin/python3\n{PYTHON}{SOURCE}(source / "x").touch()\n')
    assert [note.file for note in input_writers(tmp_path)] == ["run", "tool"]


def test_processors_that_keep_the_rules_have_no_notes() -> None:
    for name in ("links-input", "remakes-output", "requirements-below", "new-manifest"):
        assert habits(CASES / name) == [], name
    (note,) = habits(CASES / "asks-pennsieve")
    assert "reads SESSION_TOKEN" in note.text


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("code")
    for name in ("main.py", "run.sh", "Dockerfile"):
        (folder / name).write_text(text, encoding="utf-8")
    habits(folder)
