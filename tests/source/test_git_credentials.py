"""Who git signs in as, and that its token is in no address and no argument."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pennsieve_agent.source.git_commands import known_token, run

URL, TOKEN = "https://github.com/lab/private", "ghp_0123456789abcdef"
GH = """#!/bin/sh
[ "$1 $2 $3" = "auth git-credential get" ] || exit 0
cat >/dev/null
echo username=ada
echo password={token}
"""


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def bin_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return tmp_path


def test_the_token_of_gh_is_known(bin_first: Path) -> None:
    program(bin_first, "gh", GH.format(token=TOKEN))
    assert known_token(URL) == TOKEN
    assert known_token("https://gitlab.com/lab/private") == ""


def test_a_helper_of_the_users_is_asked_first(
    bin_first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(bin_first, "gh", GH.format(token="of-gh"))
    own = program(bin_first, "own", "#!/bin/sh\necho username=x\necho password=mine\n")
    (bin_first / "config").write_text(f"[credential]\nhelper = {own}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(bin_first / "config"))
    assert known_token(URL) == "mine"


def test_without_any_there_is_none_and_nobody_is_asked(bin_first: Path) -> None:
    program(bin_first, "gh", "#!/bin/sh\nexit 1\n")
    assert known_token(URL) == ""


def test_the_token_is_in_no_argument(bin_first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bin_first, "gh", GH.format(token=TOKEN))
    real = next(p for p in os.environ["PATH"].split(":")[1:] if Path(p, "git").is_file())
    log = bin_first / "log"
    program(
        bin_first, "git", f'#!/bin/sh\necho "$0 $*" >> {log}\nenv >> {log}\nexec {real}/git "$@"\n'
    )
    assert known_token(URL) == TOKEN
    run(["version"], url=URL)
    assert "credential fill" in log.read_text()
    assert TOKEN not in log.read_text()
