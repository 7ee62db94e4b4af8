"""The validator of the BIDS specification, which needs no network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def faults_of(folder: Path) -> list[str]:
    """What breaks BIDS in a folder, by the validator of the specification."""
    program = Path(sys.executable).parent / "bids-validator-deno"
    words = [str(program), str(folder), "--format", "json"]
    answer = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    issues = json.loads(answer.stdout)["issues"]["issues"]
    return [f"{i['code']} {i['location']}" for i in issues if i["severity"] == "error"]
