from __future__ import annotations

from pathlib import Path

import pytest

from pennsieve_agent.engine.exit_reasons import describe_exit
from pennsieve_agent.engine.remove_tree import remove_tree


def test_folders_without_rights_are_removed_too(tmp_path: Path) -> None:
    inner = tmp_path / "job" / "deep"
    inner.mkdir(parents=True)
    (inner / "x").touch()
    inner.chmod(0)
    inner.parent.chmod(0o500)
    remove_tree(tmp_path / "job")
    assert not (tmp_path / "job").exists()
    remove_tree(tmp_path / "job")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, ""),
        (3, "it ended with exit code 3"),
        (125, "could not be started"),
        (126, "cannot be executed"),
        (127, "was not found"),
        (137, "SIGKILL"),
        (139, "SIGSEGV"),
        (129, "ended by signal SIGHUP"),
        (255, "exit code 255"),
    ],
)
def test_exit_codes_in_words(code: int, words: str) -> None:
    assert words in describe_exit(code)
