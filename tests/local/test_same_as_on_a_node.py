"""One probe program under ``workflow test`` and under ``run start``: it sees the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.control import Sandbox
from tests.cli.conftest import repository
from tests.cli.following import imported
from tests.cli.harness import Agent
from tests.engine.images import busybox_image
from tests.prepared import Prepared

pytestmark = pytest.mark.slow
PROBE = """\
cd "$OUTPUT_DIR"
of_the_run='RUN_ID=|INTEGRATION_ID=|INSTANCE_ID=|HOSTNAME=|_TASK=|PWD='
env | cut -d= -f1 | sort > names
env | grep -v -E "$of_the_run" | sort > values
{ id; umask; ulimit -a; grep -e Cap -e NoNewPrivs -e Seccomp: /proc/self/status; } > rights
echo "$OLDPWD" > folder
{ grep -o ' /mnt[^ ]* [a-z0-9]* r[ow]' /proc/self/mounts || true; } | sort > mounts
cd /sys/fs/cgroup
for file in memory/memory.limit_in_bytes memory.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us \\
  cpu.max pids/pids.max pids.max
do
  if [ -f $file ]; then echo "$file $(cat $file)"; fi
done > "$OUTPUT_DIR/limits"
cd "$INPUT_DIR"
{ find . | sort; stat -c '%A %n' . top.txt sub sub/b.txt; cat sub/b.txt top.txt; } \\
  > "$OUTPUT_DIR/input"
stat -c '%A %n' "$OUTPUT_DIR" > "$OUTPUT_DIR/output"
if touch x 2>/dev/null; then rm x; echo writable; else echo read-only; fi > "$OUTPUT_DIR/readonly"
"""
FILES = {
    "Dockerfile": "FROM {base}\nWORKDIR /work/here\nENV OF_IMAGE=yes\nCOPY . /app\n"
    'ENTRYPOINT ["/bin/sh", "/app/probe.sh"]\nCMD ["word"]\n',
    "probe.sh": PROBE,
    "app.yml": "schemaVersion: '1.0'\nname: probe\nresources: {cpu: 512, memory: 1024}\n"
    "parameters:\n- {name: SIZE, type: number, default: 3}\n- {name: NOTE, type: string}\n",
    "data/input/top.txt": "top\n",
    "data/input/sub/b.txt": "below\n",
}
BY_BATCH = {"AWS_BATCH_JOB_ATTEMPT", "AWS_BATCH_JOB_ID", "AWS_BATCH_JQ_NAME", "AWS_REGION"}
"""What AWS Batch sets in each container; there is none here."""
OF_THE_DATASET = {"DATASET_ID", "ORGANIZATION_ID"}
"""A test reads a folder, and is of no workspace."""


def probed(folder: Path) -> dict[str, str]:
    names = (
        "names",
        "values",
        "rights",
        "folder",
        "mounts",
        "limits",
        "input",
        "output",
        "readonly",
    )
    return {name: (folder / name).read_text() for name in names}


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def box(request: pytest.FixtureRequest, tmp_path: Path, prepared: Prepared) -> Iterator[Sandbox]:
    data = tmp_path / "box" / "datasets" / "Probes"
    (data / "sub").mkdir(parents=True)
    (data / "top.txt").write_text("top\n")
    (data / "sub" / "b.txt").write_text("below\n")
    made = prepared.into(tmp_path / "box")
    made.start_detached(0, request.param)
    yield made
    made.stop()


def test_a_step_sees_what_it_sees_on_a_node(
    box: Sandbox, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    engine = "docker" if "docker" in request.node.name else "process"
    base = busybox_image() if engine == "docker" else "debian:12"
    files = {name: text.replace("{base}", base) for name, text in FILES.items()}
    code = repository(tmp_path / "probe", files, tag=None)
    agent = Agent({**box.environment(), "HOME": str(tmp_path)})
    set_ = ("--param", "NOTE=a b=c")

    tested = agent(
        "workflow", "test", str(code), "--engine", engine, "--to", str(tmp_path / "here"), *set_
    )
    assert tested.code == 0, tested.err
    here = probed(tmp_path / "here")

    for words in (
        ("workflow", "add", str(code), "--name", "probe"),
        ("dataset", "grant", "probe", "--dataset", "Probes"),
        ("run", "start", "-d", "Probes", "-w", "probe", "--name", "one", "--all", "--wait", *set_),
    ):
        done = agent(*words)
        assert done.code == 0, done.err
    results = tmp_path / "box" / "datasets" / "Probes" / "results" / "one"
    for name in here:
        imported(results / name)
    there = probed(results)

    names = {text: set(text.splitlines()) for text in (here["names"], there["names"])}
    assert names[here["names"]] <= names[there["names"]]
    assert names[there["names"]] - names[here["names"]] == BY_BATCH | OF_THE_DATASET
    ours = BY_BATCH | OF_THE_DATASET
    there["values"] = "".join(
        line
        for line in there["values"].splitlines(keepends=True)
        if line.partition("=")[0] not in ours
    )
    del here["names"], there["names"]
    if engine == "process":  # a step sees this machine's own paths
        here, there = (
            {name: re.sub(r"(?<![^=\s])/\S+", "/", text) for name, text in seen.items()}
            for seen in (here, there)
        )
    assert here == there
    assert "read-only" in here["readonly"] or engine == "process"
