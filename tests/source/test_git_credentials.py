"""Who git signs in as, and that its token is in no address and no argument."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.workflow.code_context import with_typed_token
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.source.fetch import is_public
from pennsieve_agent.source.git_commands import known_token, run
from pennsieve_agent.source.git_credentials import helper_options, use_typed
from pennsieve_agent.source.git_failures import PrivateError
from pennsieve_agent.source.repository import inspect
from tests.source.repositories import Repository
from tests.source.servers import Files, served

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


class _Guarded(Files):
    def do_GET(self) -> None:  # noqa: N802 - the library's name
        word = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {word}":
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_a_token_that_was_typed_fetches_from_its_server_alone(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "private")
    repository.git("update-server-info")
    with served(_Guarded, repository.path) as host:
        url = f"{host}/.git"
        with pytest.raises(PrivateError, match="is private, or does not exist"):
            inspect(url, None, tmp_path / "refused")
        use_typed("https://example.org/lab/x", TOKEN)
        with pytest.raises(PrivateError):
            inspect(url, None, tmp_path / "elsewhere")
        use_typed(url, TOKEN)
        assert inspect(url, None, tmp_path / "work").source_url == url
        assert not is_public(url)
        assert not any(TOKEN in option for option in helper_options(url))


def test_a_private_repository_is_asked_a_token_for(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "asked")
    repository.git("update-server-info")
    with served(_Guarded, repository.path) as host:
        url = f"{host}/.git"
        context = Context(Streams.for_test(f"{TOKEN}\n", terminal=True), {})

        def look(folder: Path) -> str:
            return inspect(url, None, folder).commit

        assert with_typed_token(context, tmp_path, look) == repository.git("rev-parse", "HEAD")
        piped = Context(Streams.for_test(), {})
    with served(_Guarded, repository.path) as other, pytest.raises(PrivateError):
        with_typed_token(piped, tmp_path, lambda folder: inspect(f"{other}/.git", None, folder))


def test_the_token_is_in_no_argument(bin_first: Path) -> None:
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
