"""The README's journey with one's own files and script, typed line by line by a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.cli.following import imported

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LINES = re.compile(r"<!-- own files -->\n```\n(.*?)```\n<!-- /own files -->", re.DOTALL)


def test_own_files_and_script(tmp_path: Path) -> None:
    (found,) = LINES.findall(README)
    script = found.replace("source .venv/bin/activate", ":").replace(
        "--detach", "--detach --port 0"
    )
    assert script.count("\npennsieve ") == 8
    mine = tmp_path / "my-files"
    mine.mkdir()
    (mine / "mice.csv").write_text("id,rate\n1,2\n3,4\n")
    # Nobody told this machine's git who commits.
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environ |= {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    try:
        typed = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    finally:
        subprocess.run(["pennsieve", "sandbox", "stop"], env=environ, check=False, timeout=60)
    assert typed.returncode == 0, typed.stderr
    assert "mice.csv has 3 rows" in typed.stdout
    (rows,) = (tmp_path / "my-results").rglob("mice.rows")
    assert imported(rows) == "3\n"
