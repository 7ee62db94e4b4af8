"""The folders in which a step finds programs."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from pennsieve_agent.engine.search_path import OWN_PROGRAM, search_path


def programs(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def test_an_environment_with_this_program_is_left_out(tmp_path: Path) -> None:
    ours = programs(tmp_path / "venv" / "bin", OWN_PROGRAM, "python")
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    other = programs(tmp_path / "other", "tool")
    inherited = os.pathsep.join((str(ours), str(other), "", "relative"))
    assert search_path((tmp_path / "first",), inherited, tmp_path) == os.pathsep.join(
        (str(tmp_path / "first"), str(other))
    )


def test_a_folder_that_others_use_keeps_all_else(tmp_path: Path) -> None:
    shared = programs(tmp_path / "usr" / "bin", OWN_PROGRAM, "Rscript")
    found = search_path((), str(shared), tmp_path / "scratch")
    assert shutil.which("Rscript", path=found)
    assert shutil.which(OWN_PROGRAM, path=found) is None


def test_the_environment_that_runs_this_is_left_out(tmp_path: Path) -> None:
    here = str(Path(sys.prefix) / "bin")
    assert here not in search_path((), here, tmp_path).split(os.pathsep)


def test_a_program_of_that_name_that_the_step_installs_is_found(tmp_path: Path) -> None:
    own = programs(tmp_path / "environment" / "bin", OWN_PROGRAM)
    shared = programs(tmp_path / "usr" / "bin", OWN_PROGRAM)
    found = search_path((own,), str(shared), tmp_path / "scratch")
    assert shutil.which(OWN_PROGRAM, path=found) == str(own / OWN_PROGRAM)
