"""Uploading and downloading, as typed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pennsieve_agent.cli.dataset.download import of_report
from pennsieve_agent.services.files.download import DownloadReport
from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "up load"
    made.mkdir()
    (made / "a.csv").write_text("1,2\n")
    (made / "sub").mkdir()
    (made / "sub" / "b.csv").write_text("3\n")
    (made / ".DS_Store").write_text("x")
    (made / "empty.txt").touch()
    return made


def test_up_and_down(agent: Agent, lab: Lab, folder: Path, tmp_path: Path) -> None:
    up = agent("dataset", "upload", DATASET, str(folder), "--folder", "/in/")
    assert up.code == 0, up.err
    assert up.out == f"Uploaded 2 files, 6 B, to dataset '{DATASET}'\n"
    assert "empty.txt: it is empty, and Pennsieve does not accept empty files" in up.err
    assert ".DS_Store: left there by the operating system" in up.err
    assert (lab.dataset / "in" / "up load" / "sub" / "b.csv").read_text() == "3\n"
    target = tmp_path / "down"
    words = ("dataset", "download", DATASET, "--files", "in/**/*.csv", "--to", str(target))
    down = agent(*words)
    assert down.code == 0, down.err
    assert down.out == f"Downloaded 2 files, 6 B, to {target}\n"
    assert (target / "in" / "up load" / "a.csv").read_text() == "1,2\n"
    again = agent(*words, "--json").document
    assert (again["downloaded"], len(again["skipped"])) == ([], 2)
    (target / "in" / "up load" / "a.csv").write_text("mine!")
    refused = agent(*words)
    assert refused.code == 2
    assert "other files are there already: 'in/up load/a.csv'" in refused.err
    assert agent(*words, "--overwrite").code == 0
    assert (target / "in" / "up load" / "a.csv").read_text() == "1,2\n"


def test_both_are_kept_or_one_is_replaced(agent: Agent, lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "n.tar.gz"
    for text, flags in (("1", ()), ("2", ()), ("3", ("--replace",))):
        path.write_text(text)
        words = ("dataset", "upload", DATASET, str(path), "--folder", "kept", "--json", *flags)
        result = agent(*words)
        assert result.code == 0, result.err
        (uploaded,) = result.document["uploaded"]
        assert uploaded["package_id"].startswith("N:package:")
    found = {each.name: each.read_text() for each in (lab.dataset / "kept").iterdir()}
    assert found == {"n.tar.gz": "3", "n (1).tar.gz": "2"}


def test_an_upload_typed_again_doubles_nothing(agent: Agent, lab: Lab, folder: Path) -> None:
    (folder / "numbers (7).csv").write_text("7\n")
    journals = Path(agent.environ["PENNSIEVE_CONFIG"]).parent / "uploads"
    before = set(journals.iterdir()) if journals.exists() else set()
    words = ("dataset", "upload", DATASET, str(folder), "--folder", "twice")
    first = agent(*words, "--json").document
    there = lab.dataset / "twice" / "up load"
    assert (len(first["uploaded"]), first["skipped"]) == (3, [])
    (folder / "sub" / "b.csv").write_text("4\n")
    plan = agent(*words, "--dry-run", "--json").document
    assert [file["path"] for file in plan["files"]] == ["twice/up load/sub/b.csv"]
    again = agent(*words)
    assert again.code == 0, again.err
    assert again.out == f"Uploaded 1 file, 2 B, to dataset '{DATASET}'; 2 were there already\n"
    assert "upload them again with: --again" in again.err
    third = agent(*words, "--json").document
    assert third["uploaded"] == []
    assert {row["path"]: row["package_id"] for row in third["skipped"]}.items() >= {
        row["path"]: row["package_id"]
        for row in first["uploaded"]
        if not row["path"].endswith("b.csv")
    }.items()
    numbers = {path.name for path in there.rglob("*.csv")}
    assert numbers == {"a.csv", "b.csv", "b (1).csv", "numbers (7).csv"}
    doubled = agent(*words, "--again", "--json").document
    assert len(doubled["uploaded"]) == 3
    assert (there / "a (1).csv").read_text() == "1,2\n"
    assert set(journals.iterdir()) <= before


def test_repositories_and_credentials_are_left_out_and_named(
    agent: Agent, lab: Lab, tmp_path: Path
) -> None:
    top = tmp_path / "code"
    for path in (".git/config", "sub/.git", "sub/key.PEM", ".aws/credentials", ".env.local"):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(path)
    (top / "sub" / "environment.env").write_text("x")
    (top / ".hidden").write_text("x")
    words = ("dataset", "upload", DATASET, str(top), "--folder", "kept-back")
    done = agent(*words, "--json").document
    assert sorted(row["path"] for row in done["uploaded"]) == [
        *("kept-back/code/.hidden", "kept-back/code/sub/environment.env"),
    ]
    assert sorted(Path(row["path"]).relative_to(top).as_posix() for row in done["left_out"]) == [
        *(".aws", ".env.local", ".git", "sub/.git", "sub/key.PEM"),
    ]
    said = agent(*words, "--dry-run").err
    assert f"left out: {top}/.git: the history of a repository; --include-hidden sends it" in said
    alone = agent("dataset", "upload", DATASET, str(top / ".aws"))
    assert (alone.code, "it likely holds a secret" in alone.err) == (2, True)
    sent = agent(*words, "--include-hidden", "--json").document
    assert (len(sent["uploaded"]), len(sent["skipped"]), sent["left_out"]) == (5, 2, [])
    assert (lab.dataset / "kept-back" / "code" / ".git" / "config").read_text() == ".git/config"


ODD = ("scan[1].txt", "new\nline.txt", "{a,b}.txt", "!x.txt", "plain.txt")


@pytest.fixture
def odd(lab: Lab) -> str:
    """A dataset with names that look like patterns."""
    folder = lab.box.data / "datasets" / "Odd" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ODD:
        (folder / name).write_text(name)
    return "Odd"


def test_a_listed_name_is_taken_literally(agent: Agent, odd: str, tmp_path: Path) -> None:
    listed = agent("dataset", "files", odd).out.splitlines()[1:]
    paths = [line.split("\t")[0] for line in listed]
    assert len(paths) == len(ODD)
    for number, path in enumerate(paths):
        target = tmp_path / f"{number}"
        words = ("--files", f"./{path}", "--to", str(target), "--json")
        (came,) = agent("dataset", "download", odd, *words).document["downloaded"]
        assert (target / came).read_text() == came.removeprefix("raw/")
        (file,) = agent("dataset", "files", odd, "--files", path, "--json").document
        assert file["path"] == came
    pattern = ("dataset", "files", odd, "--files", "raw/*.txt", "--files", "!raw/{new,scan}*")
    assert len(agent(*pattern, "--json").document) == len(ODD) - 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take other names")
def test_names_that_the_file_system_takes_stay(agent: Agent, tmp_path: Path) -> None:
    names = ("c_d.txt", "c\\d.txt", "UP.csv", "up.csv", "10:15:00.csv", "con.txt", "trail.", "q?")
    (tmp_path / "names").mkdir()
    for name in (*names, "caf\u00e9", "cafe\u0301", "a\nb"):
        (tmp_path / "names" / name).write_text(name)
    up = agent("dataset", "upload", DATASET, str(tmp_path / "names"), "--folder", "odd")
    assert up.code == 0, up.err
    target = tmp_path / "out"
    down = agent("dataset", "download", DATASET, "--files", "odd", "--to", str(target), "--json")
    assert down.code == 0, down.err
    assert down.document["renamed"] == []
    came = {path.name: path.read_text() for path in (target / "odd" / "names").iterdir()}
    assert came == {name: name for name in (*names, "caf\u00e9", "cafe\u0301", "a\nb")}
    assert {path.name for path in target.iterdir()} == {"odd"}


def test_what_cannot_be_compared_is_said(agent: Agent, lab: Lab, tmp_path: Path) -> None:
    """Pennsieve has no checksum of a file that was not uploaded by its clients."""
    there = lab.box.data / "datasets" / "No checksums"
    (there / "raw").mkdir(parents=True)
    (there / "raw" / "a.csv").write_text("one")
    (tmp_path / "raw").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "raw" / name).write_text("one")
    words = ("dataset", "upload", there.name, str(tmp_path / "raw"))
    plan = agent(*words, "--dry-run", "--json")
    assert plan.document["unchecked"] == ["raw/a.csv"]
    assert "1 file may now be in the dataset twice, such as 'raw/a.csv'" in plan.err
    assert agent(*words, "--json").document["unchecked"] == ["raw/a.csv"]
    third = agent(*words)
    assert third.out.endswith("; 2 were there already\n")
    assert "doubled" not in third.err
    (tmp_path / "raw" / "a.csv").write_text("two")
    (tmp_path / "raw" / "b.csv").unlink()
    down = ("dataset", "download", there.name, "--files", "raw/a.csv", "--to", str(tmp_path))
    kept = agent(*down)
    assert "compared by size alone: 1 file" in kept.err
    assert agent(*down, "--json").document["unchecked"] == ["raw/a.csv"]
    assert agent(*down, "--overwrite", "--json").document["downloaded"] == ["raw/a.csv"]
    assert (tmp_path / "raw" / "a.csv").read_text() == "one"


def test_a_pattern_that_leaves_out_nothing_is_said(agent: Agent, odd: str, tmp_path: Path) -> None:
    for words in (("files", odd), ("download", odd, "--to", str(tmp_path / "to"))):
        said = agent("dataset", *words, "--files", "!typo*")
        assert (said.code, "leaves out no file: '!typo*'" in said.err) == (0, True)
    empty = agent("dataset", "download", odd, "--to", str(tmp_path), "--files", "")
    assert (empty.code, "the pattern is empty; for all files" in empty.err) == (2, True)


def test_a_changed_name_is_said_and_in_the_document(tmp_path: Path) -> None:
    report = DownloadReport([Path("a_b")], renamed=[("a:b", Path("a_b"))], size=1)
    shown = of_report(tmp_path, report)
    assert "renamed: 'a:b' is 'a_b' here" in str(shown.notes[0])
    assert shown.document["renamed"] == [{"path": "a:b", "local": "a_b"}]
    assert shown.exit_code == 0


def test_a_pattern_that_fits_nothing_is_answered_with_what_may_be_meant(
    agent: Agent, odd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).touch()
    down = ("dataset", "download", odd, "--to", "x")
    for words, said in (
        ((*down, "--files", "*.txt"), f"{len(ODD)} files fit '**/*.txt'"),
        ((*down, "--files", "a.csv"), "put it in quotes, as in --files '*.csv'"),
        ((*down, "--files", "a.csv", "b.csv"), "--files takes one pattern, and 2 words follow it"),
        ((*down, "--files", "raw", "--files", "none"), "matches 'none'"),
        ((*down, "--files", "!raw"), "the patterns leave out all files"),
    ):
        result = agent(*words)
        assert result.code == 2, (words, result.err)
        assert said in " ".join(result.err.split())
    assert not (tmp_path / "x").exists()
    listed = agent("dataset", "files", odd, "--files", "*.txt")
    assert (listed.code, listed.out) == (0, "")
    assert "files fit '**/*.txt'" in listed.err


def test_progress_on_a_terminal(agent: Agent, folder: Path) -> None:
    result = agent("dataset", "upload", DATASET, str(folder), "--folder", "shown", terminal=True)
    assert result.code == 0, result.err
    assert "\rUploading: 0 of 2 files" in result.err


@pytest.mark.usefixtures("lab")
def test_what_is_typed_wrong(agent: Agent, folder: Path, tmp_path: Path) -> None:
    for words, said in (
        (("dataset", "upload", DATASET, str(tmp_path / "none")), "there is no file or folder"),
        (("dataset", "upload", DATASET, str(folder / "empty.txt")), "nothing to upload"),
        (("dataset", "upload", DATASET, str(folder), "--folder", "../x"), "cannot be a folder"),
        (("dataset", "upload", "nope", str(folder)), "no dataset is called 'nope'"),
        (("dataset", "download", DATASET, "--files", "*.nope", "--to", "x"), "no file of dataset"),
        (("dataset", "download", DATASET), "missing option"),
    ):
        result = agent(*words)
        assert result.code == 2, (words, result.err)
        assert said in result.err
