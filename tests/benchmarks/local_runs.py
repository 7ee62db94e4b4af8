"""What ``workflow test`` adds to the time of a program, as a ratio to ``python -c 'import typer'``.

The program is a shell that sleeps for a second, on a few files. It is measured as a process, and as
a container where a Docker engine answers; the image and the copy of the code are those of an
earlier test. Run by ``make bench``; exits 1 when the target is missed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.startup import BASELINE, PENNSIEVE, say, seconds
from tests.engine.images import busybox_image

ROUNDS = 5
TARGET = 20.0
"""2 s on a machine on which the baseline takes 100 ms."""
SLEEP_SECONDS = 1.0
FILES = {
    "run.sh": f"sleep {SLEEP_SECONDS:g}; cp -r $INPUT_DIR/. $OUTPUT_DIR\n",
    "app.yml": 'schemaVersion: "1.0"\nname: sleeper\nresources: {cpu: 256, memory: 512}\n',
    **{f"data/input/{number}.txt": f"{number}\n" for number in range(20)},
}


def repository(folder: Path, base: str) -> Path:
    """Code that sleeps, for an image."""
    dockerfile = f'FROM {base}\nCOPY . /app\nENTRYPOINT ["/bin/sh", "/app/run.sh"]\n'
    for name, text in {**FILES, "Dockerfile": dockerfile}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def added(engine: str, base: str, place: Path) -> float:
    """How many times the baseline the command takes longer than the program in it."""
    env = {"HOME": str(place), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    code = repository(place / engine, base)
    command = (*PENNSIEVE, "workflow", "test", str(code), "--engine", engine)
    answer = subprocess.run([*command, "--json"], env=env, capture_output=True, check=True)
    assert json.loads(answer.stdout)["status"] == "succeeded"
    rounds = [
        (seconds(BASELINE, env), seconds(command, env) - SLEEP_SECONDS) for _ in range(ROUNDS)
    ]
    baseline, more = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = float(more / baseline)
    verdict = "ok" if ratio <= TARGET else "MISSED"
    say(f"{ratio:6.2f}  of {TARGET:.1f}  {verdict:6}  workflow test adds, {engine}: {more:.2f} s")
    return ratio


def main() -> int:
    """Measure, print a line for each engine, answer the exit code."""
    engines = {"process": "debian:12"}
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0:
        engines["docker"] = busybox_image()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        ratios = [added(engine, base, Path(place)) for engine, base in engines.items()]
    return int(max(ratios) > TARGET)


if __name__ == "__main__":
    sys.exit(main())
