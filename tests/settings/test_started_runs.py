"""The journal of starts: one id for one command, until it was answered."""

from __future__ import annotations

import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.started_runs import FINISHED_WITHIN, KEPT_SECONDS, RunJournal
from tests.fakes.clock import Clock

TYPED = {"workflow": "w-1", "dataset": "d-1", "files": ["raw/**"], "parameters": []}
KEPT = {"name": "first-1"}
HOLDER = """
import sys
from pathlib import Path
from pennsieve_agent.settings.started_runs import RunJournal
start = RunJournal(Path(sys.argv[1]), lambda: 1_000_000.0).begin({}, "n", {"name": "x"})
print(start.run_id, flush=True)
sys.stdin.read()
"""


def test_a_start_without_an_answer_goes_on_with_its_id_and_name(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path / "starts")
    with journal.begin(TYPED, "abc", KEPT) as first:
        assert not first.goes_on
    with journal.begin(TYPED, "abc", {"name": "another"}) as again:
        assert (again.run_id, again.kept, again.goes_on) == (first.run_id, KEPT, True)


@pytest.mark.parametrize("how", ["started", "refused"])
def test_after_an_answer_the_same_command_is_a_new_run(tmp_path: Path, how: str) -> None:
    journal = RunJournal(tmp_path / "starts")
    with journal.begin(TYPED, "abc", KEPT) as first:
        first.answered(how)
    with journal.begin(TYPED, "abc", KEPT) as second:
        assert second.run_id != first.run_id
        assert not second.goes_on


def test_a_disk_that_gets_full_starts_nothing_without_saying_so(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path / "starts")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system takes the first bytes of the entry, as a full disk does, and refuses the rest.
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
    try:
        with pytest.raises(SettingsError, match="cannot be written"):
            journal.begin(TYPED, "abc", KEPT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "starts").iterdir()) == []


def test_another_command_or_another_node_is_another_run(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path / "starts")
    ids = set()
    for typed, node in ((TYPED, "abc"), (TYPED, "def"), ({**TYPED, "files": []}, "abc")):
        with journal.begin(typed, node, KEPT) as start:
            ids.add(start.run_id)
    assert len(ids) == 3


def test_after_a_day_it_is_a_new_run(tmp_path: Path) -> None:
    clock = Clock()
    journal = RunJournal(tmp_path / "starts", clock.now)
    with journal.begin(TYPED, "abc", KEPT) as first:
        clock.time += FINISHED_WITHIN - 1
    with journal.begin(TYPED, "abc", KEPT) as same:
        assert same.run_id == first.run_id
        clock.time += 2
    with journal.begin(TYPED, "abc", KEPT) as new:
        assert new.run_id != first.run_id


def test_what_another_living_process_is_at_is_not_taken_from_it(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path / "starts", lambda: 1_000_000.0)
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "starts")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    held = child.stdout.readline().strip()
    with journal.begin({}, "n", KEPT) as mine:
        assert mine.run_id != held
        mine.answered("started")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with journal.begin({}, "n", KEPT) as taken:
        assert (taken.run_id, taken.goes_on) == (held, True)


def test_it_knows_where_a_run_was_started(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path / "starts")
    with journal.begin(TYPED, "abc", KEPT) as start:
        start.answered("started")
    assert journal.node_of(start.run_id) == "abc"
    assert not journal.node_of("../../etc/passwd")
    assert not journal.node_of("00000000-0000-0000-0000-000000000000")


def test_only_its_owner_can_read_it_and_it_forgets(tmp_path: Path) -> None:
    clock = Clock()
    journal = RunJournal(tmp_path / "starts", clock.now)
    with journal.begin(TYPED, "abc", KEPT) as start:
        start.answered("started")
    assert stat.S_IMODE(start.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(start.path.parent.stat().st_mode) == 0o700
    clock.time = start.path.stat().st_mtime + KEPT_SECONDS + 1
    with journal.begin(TYPED, "abc", KEPT):
        assert not start.path.exists()


def test_half_a_line_counts_as_nothing(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path / "starts")
    with journal.begin(TYPED, "abc", KEPT) as first:
        pass
    with first.path.open("a") as file:
        file.write('{"answ')
    with journal.begin(TYPED, "abc", KEPT) as again:
        assert again.run_id == first.run_id
        again.answered("started")
    with journal.begin(TYPED, "abc", KEPT) as new:
        assert new.run_id != first.run_id


def test_without_a_folder_nothing_is_started(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingsError, match="the journal of runs cannot be written"):
        RunJournal(tmp_path / "file" / "starts").begin(TYPED, "abc", KEPT)
