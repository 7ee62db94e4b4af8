"""Pennsieve imports results some time after a run: what is typed at once then still works."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.control import Sandbox
from tests.cli.conftest import WORD_COUNT, repository
from tests.cli.following import wait_for
from tests.cli.harness import Agent, Result
from tests.domain.receipt.examples import RECORDS
from tests.prepared import Prepared

IMPORT_SECONDS = 3600.0
LINE = "waiting until Pennsieve has imported 4 files, at most 10 min\n"


@pytest.fixture
def box(tmp_path: Path, prepared: Prepared) -> Iterator[Sandbox]:
    (tmp_path / "box" / "datasets" / "Data").mkdir(parents=True)
    (tmp_path / "box" / "datasets" / "Data" / "a.txt").write_text("one two three\n")
    box = prepared.into(tmp_path / "box")
    box.import_seconds = IMPORT_SECONDS
    box.start_detached(0, "process")
    yield box
    box.stop()


def import_all(box: Sandbox) -> None:
    """Make all files due that wait for their import."""
    with closing(sqlite3.connect(box.data / "sandbox.db", timeout=30)) as store, store:
        changed = store.execute("UPDATE upload_files SET queued_at = 0 WHERE queued_at > 0")
        assert changed.rowcount > 0


def test_the_lines_of_the_readme_wait_for_the_import(box: Sandbox, tmp_path: Path) -> None:
    agent = Agent({**box.environment(), "HOME": str(tmp_path)})

    def typed(*words: str, code: int = 0) -> Result:
        result = agent(*words)
        assert result.code == code, result.err
        return result

    typed("workflow", "add", str(repository(tmp_path / "word-count", WORD_COUNT)))
    typed("dataset", "grant", "word-count", "--dataset", "Data")
    typed("run", "start", "--dataset", "Data", "--all", "--name", "first")
    typed("run", "logs", "--follow")

    paths = [f"results/first/{name}" for name in ("a-plain.count", *RECORDS)]
    shown = typed("run", "show", "--outputs", "--json").document
    assert ([file["path"] for file in shown["files"]], shown["importing"]) == (paths, paths)
    assert "Pennsieve is still importing 4 files" in typed("run", "show", "--outputs").err
    to = ("--to", str(tmp_path / "folder"))
    early = typed("dataset", "download", "Data", "--files", "results/first/*", *to, code=8)
    assert "but it is still being uploaded or imported" in early.err

    listed = typed("dataset", "files", "Data", "--files", "results/first/*")
    assert (listed.out, "being uploaded or imported" in listed.err) == ("", True)

    notes, answer = tmp_path / "notes", tmp_path / "answer"
    words = ("run", "download", "--to", str(tmp_path / "mine"), "--json")
    with notes.open("w") as err, answer.open("w") as out:
        command = [sys.executable, "-m", "pennsieve_agent", *words]
        environ = {**os.environ, **agent.environ}
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=err)
    try:
        wait_for(lambda: LINE in notes.read_text(), notes.read_text)
        assert process.poll() is None
        import_all(box)
        assert process.wait(60) == 0, notes.read_text()
    finally:
        process.kill()
        process.wait()
    fetched = json.loads(answer.read_text())
    assert (fetched["downloaded"], fetched["importing"]) == (paths, [])
    assert notes.read_text() == LINE
    assert (tmp_path / "mine" / paths[0]).read_text() == "3\n"
    plan = typed("run", "start", "-d", "Data", "--input-run", "first", "--dry-run", "--json")
    assert [file["path"] for file in plan.document["files"]] == paths[:1]

    (box.data / "datasets" / "Data" / paths[0]).unlink()
    lost = typed("run", "download", "--to", str(tmp_path / "again"), "--json", code=1)
    assert lost.document["downloaded"] == paths[1:]
    assert [row["path"] for row in lost.document["failed"]] == paths[:1]
    assert LINE not in lost.err
