"""``workflow test``: code of this machine, built and run here."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import faults
from pennsieve_agent.engine.built_images import COMMAND_LABEL
from pennsieve_agent.engine.docker_backend import NODE_LABEL
from pennsieve_agent.services.workflows.local_input import TEST_FOLDERS
from tests.cli.conftest import repository
from tests.cli.following import wait_for
from tests.cli.harness import Agent, Result
from tests.cli.test_interrupted import typed
from tests.engine.images import busybox_image

MANIFEST = (
    "schemaVersion: '1.0'\nname: shell\nparameters:\n"
    "- {name: SCRIPT, type: string, default: 'true'}\n"
    "- {name: SIZE, type: number, default: 3}\n"
)
DOCKERFILE = 'FROM debian:12\nCOPY . /app\nENTRYPOINT ["/bin/sh", "/app/run.sh"]\n'
PROGRAM = 'eval "$SCRIPT"\n'
FILES = {
    "Dockerfile": DOCKERFILE,
    "run.sh": PROGRAM,
    "app.yml": MANIFEST,
    "data/input/raw/a.txt": "one\n",
    "data/input/raw/b.txt": "two\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return write(tmp_path / "shell", FILES)


@pytest.fixture
def agent(clean_machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Agent:
    """A machine without Docker, whose temporary folders are the test's own."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return Agent({"HOME": str(clean_machine), "PATH": os.environ["PATH"]})


@pytest.fixture
def left(tmp_path: Path) -> object:
    """What is left of commands when they have ended."""
    return lambda: sorted(path.name for path in (tmp_path / "temporary").iterdir())


def tried(agent: Agent, code: Path, script: str = "true", *words: str) -> Result:
    return agent(
        "workflow", "test", str(code), "--engine", "process", "-p", f"SCRIPT={script}", *words
    )


def answered(result: Result, code: int = 0) -> dict[str, Any]:
    assert result.code == code, result.err
    document: dict[str, Any] = json.loads(result.out)
    assert list(faults("local_run", document, DOCUMENTS)) == []
    return document


def test_results_are_a_tree_and_the_log_is_on_standard_error(agent: Agent, code: Path) -> None:
    script = (
        "echo hello; mkdir -p $OUTPUT_DIR/deep; "
        "cat $INPUT_DIR/a.txt $INPUT_DIR/b.txt > $OUTPUT_DIR/deep/all.txt"
    )
    words = ("workflow", "test", str(code), "--engine", "process", "-p", f"SCRIPT={script}")
    for width in (80, 40):
        shown = agent(*words, terminal=True, width=width)
        assert shown.code == 0, shown.err
        assert "shell | hello" in shown.err
        assert "hello" not in shown.out
        assert "└── deep/\n    └── all.txt  8 B" in shown.out
        assert "resources:\n  cpu: 256\n  memory: " in shown.out
        assert all(len(line) <= width for line in shown.out.splitlines()), shown.out
    piped = agent(*words)
    assert "SIZE\tPATH\n8\tdeep/all.txt\n" in piped.out
    assert "nothing is isolated" in piped.err
    document = answered(agent(*words, "--json"))
    assert document["files"] == [{"path": "deep/all.txt", "bytes": 8}]
    assert document["input"]["folder"] == str(code / "data" / "input")
    (step,) = document["steps"]
    assert (step["status"], step["exit_code"], step["cpu"], step["memory"]) == (
        "succeeded",
        0,
        1024,
        2048,
    )
    assert step["peak_memory_bytes"] > 0
    # A small program counts as much as this process had when it began.
    enough = [
        size for size in (512, 1024, 2048) if size * 2**20 >= 1.25 * step["peak_memory_bytes"]
    ]
    assert step["declare"] == {"cpu": 256, "memory": enough[0]}


def test_a_folder_is_tested_as_it_is_and_a_tag_as_it_was(agent: Agent, tmp_path: Path) -> None:
    code = repository(tmp_path / "shell", FILES, tag="v1.0.0")
    (code / "run.sh").write_text("echo new > $OUTPUT_DIR/new\n")
    (code / ".gitignore").write_text("secret.txt\n")
    (code / "secret.txt").write_text("not to be built\n")
    now = answered(tried(agent, code, "true", "--json"))
    assert [file["path"] for file in now["files"]] == ["new"]
    then = answered(tried(agent, code, "ls > $OUTPUT_DIR/old", "--json", "--ref", "v1.0.0"))
    assert [file["path"] for file in then["files"]] == ["old"]
    (code / "run.sh").write_text("ls > $OUTPUT_DIR/list\n")
    kept = tried(agent, code, "true", "--to", str(tmp_path / "kept"))
    assert kept.code == 0, kept.err
    assert "secret.txt" not in (tmp_path / "kept" / "list").read_text()


def test_several_repositories_are_a_chain_and_one_step_can_be_run_alone(
    agent: Agent, code: Path, tmp_path: Path
) -> None:
    upper = write(
        tmp_path / "upper",
        {
            "Dockerfile": DOCKERFILE,
            "app.yml": "schemaVersion: '1.0'\nname: upper\n",
            "run.sh": 'cd "$INPUT_DIR"; for f in *; do tr a-z A-Z < $f > $OUTPUT_DIR/$f; done\n',
            "test-data/c.txt": "three",
        },
    )
    words = ("--engine", "process", "--json", "--to")
    chain = ("workflow", "test", str(code), str(upper), *words, str(tmp_path / "both"))
    both = answered(agent(*chain, "-p", "SCRIPT=cp $INPUT_DIR/a.txt $OUTPUT_DIR"))
    assert [(s["name"], s["status"]) for s in both["steps"]] == [
        ("shell", "succeeded"),
        ("upper", "succeeded"),
    ]
    assert (tmp_path / "both" / "a.txt").read_text() == "ONE\n"
    alone = answered(agent(*chain[:-1], str(tmp_path / "alone"), "--step", "upper"))
    assert [s["name"] for s in alone["steps"]] == ["upper"]
    assert (tmp_path / "alone" / "c.txt").read_text() == "THREE"
    failed = answered(agent(*chain[:-1], str(tmp_path / "none"), "-p", "SCRIPT=exit 4"), 3)
    assert [s["status"] for s in failed["steps"]] == ["failed", "not_run"]
    assert failed["steps"][1]["reason"] == "a step before it failed"
    wrong = agent(*chain[:-1], str(tmp_path / "x"), "--step", "uper")
    assert wrong.code == 2
    assert "did you mean 'upper'?" in wrong.out  # with --json


def test_a_layout_puts_all_files_at_the_top(agent: Agent, code: Path) -> None:
    write(code, {"data/input/other/a.txt": "x"})
    nested = tried(agent, code, "ls $INPUT_DIR")
    assert "no files at the top of INPUT_DIR" in nested.err
    equal = tried(agent, code, "true", "--layout", "flat")
    assert equal.code == 2
    assert "two selected files are called 'a.txt'" in equal.err


@pytest.mark.parametrize(
    ("script", "code_", "said"),
    [
        ("exit 7", 3, "it ended with exit code 7"),
        ("true", 0, "step 'shell' wrote nothing to OUTPUT_DIR"),
        (
            "echo x >> $INPUT_DIR/a.txt; touch $OUTPUT_DIR/x",
            0,
            "changed its input (a.txt), which is read-only",
        ),
        ("touch lost.txt; touch $OUTPUT_DIR/x", 0, "wrote outside of OUTPUT_DIR (lost.txt)"),
        ("ln -s /etc/passwd $OUTPUT_DIR/p", 3, "is a link that leads out of the files"),
        ("ln -s nowhere $OUTPUT_DIR/p", 3, "is a link to nothing"),
        ("ln -s $INPUT_DIR/a.txt $OUTPUT_DIR/p", 0, "1 result"),
        ("rm -r $OUTPUT_DIR; mkdir $OUTPUT_DIR; touch $OUTPUT_DIR/größe.txt", 0, "größe.txt"),
        ("rm -r $OUTPUT_DIR", 0, "wrote nothing"),
        ("mkfifo $OUTPUT_DIR/pipe", 3, "a pipe (FIFO), neither a file nor a folder"),
    ],
)
def test_what_a_program_may_do(
    agent: Agent, code: Path, left: object, script: str, code_: int, said: str
) -> None:
    result = tried(agent, code, script)
    assert result.code == code_, result.err
    assert said in result.out + result.err
    assert left() == []  # type: ignore[operator]


def test_what_is_typed_wrong(agent: Agent, code: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for words, said in (
        (("-p", "SISE=4"), "did you mean 'SIZE'?"),
        (("-p", "SIZE=four"), "parameter 'SIZE'"),
        (("--input", str(tmp_path / "file")), "is a file, not a folder"),
        (("--input", str(tmp_path / "nothing")), "does not exist"),
        (("--input", str(tmp_path / "empty")), "has no files"),
        (("--to", str(code)), "has files already"),
        (("--to", str(tmp_path / "file")), "is not a folder"),
    ):
        result = tried(agent, code, "true", *words)
        assert result.code == 2, result.err
        assert said in result.err
        assert result.out == ""
    write(code, {"app.yml": MANIFEST + "- {name: NEEDED, type: string, required: true}\n"})
    missing = tried(agent, code)
    assert missing.code == 2
    assert "parameter 'NEEDED' of step 'shell' needs a value" in missing.err


def test_without_test_data_it_says_where_it_looks(agent: Agent, tmp_path: Path) -> None:
    code = write(
        tmp_path / "bare", {"Dockerfile": DOCKERFILE, "run.sh": PROGRAM, "data/input/.gitkeep": ""}
    )
    result = agent("workflow", "test", str(code), "--engine", "process")
    assert result.code == 2
    assert all(folder in result.err for folder in TEST_FOLDERS)
    assert "--input FOLDER" in result.err


def test_without_a_dockerfile_or_a_repository(agent: Agent, tmp_path: Path) -> None:
    bare = write(tmp_path / "bare", {"test-data/a": "x"})
    result = agent("workflow", "test", str(bare), "--engine", "process")
    assert result.code == 2
    assert "has no Dockerfile" in result.err
    gone = agent("workflow", "test", str(tmp_path / "nothing"))
    assert gone.code == 2
    assert "there is no such folder" in gone.err


def test_a_step_that_takes_too_long_is_ended(agent: Agent, code: Path, left: object) -> None:
    result = tried(agent, code, "echo on; sleep 60", "--timeout", "1", "--json")
    document = answered(result, 3)
    assert document["steps"][0]["reason"] == "the time limit was reached"
    assert document["steps"][0]["seconds"] < 30
    assert left() == []  # type: ignore[operator]


def test_control_c_leaves_nothing(agent: Agent, code: Path, left: object) -> None:
    words = ("workflow", "test", str(code), "--engine", "process", "-p", "SCRIPT=echo on; sleep 61")
    stopped = typed(agent, *words, at="shell | on")
    assert stopped.code == 130
    assert "nothing of it is left" in stopped.err
    assert left() == []  # type: ignore[operator]
    running = subprocess.run(["pgrep", "-f", "sleep 61"], capture_output=True, check=False)
    assert running.stdout == b""


def test_an_input_of_unicode_names(agent: Agent, code: Path, tmp_path: Path) -> None:
    data = write(tmp_path / "in", {"日本/größe 1.txt": "x"})
    script = 'for f in "$INPUT_DIR"/*; do cp "$f" "$OUTPUT_DIR"; done'
    document = answered(tried(agent, code, script, "--input", str(data), "--json"))
    assert [file["path"] for file in document["files"]] == ["größe 1.txt"]
    (data / os.fsdecode(b"\xff.txt")).write_text("x")
    result = tried(agent, code, script, "--input", str(data))
    assert result.code == 2
    assert "is not Unicode" in result.err


def begun(
    agent: Agent, code: Path, script: str, *words: str, engine: str = "process"
) -> subprocess.Popen[str]:
    """A command as a process of its own, when its program has printed "on"."""
    command = (sys.executable, "-m", "pennsieve_agent", "workflow", "test", str(code))
    process = subprocess.Popen(
        [*command, "--engine", engine, "-p", f"SCRIPT=echo on; {script}", *words],
        env={**agent.environ, "TMPDIR": tempfile.gettempdir()},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if line.rstrip().endswith("| on"):
            return process
    raise AssertionError("".join(seen))


def running(command: str) -> list[str]:
    listed = subprocess.run(["pgrep", "-fx", command], capture_output=True, text=True, check=False)
    return listed.stdout.split()


def test_the_next_command_ends_what_a_killed_one_left(
    agent: Agent, code: Path, left: object
) -> None:
    with (
        begun(agent, code, "sleep 64.1") as killed,
        begun(agent, code, "sleep 64.2") as alive,
    ):
        killed.kill()
        killed.wait()
        assert running("sleep 64.1")
        done = tried(agent, code)
        assert done.code == 0, done.err
        assert "ended what an earlier command left running when it was killed" in done.err
        assert not running("sleep 64.1")
        assert running("sleep 64.2")
        assert len(left()) == 1  # type: ignore[operator]
        alive.send_signal(signal.SIGINT)
        assert alive.wait(30) == 130
    assert not running("sleep 64.2")
    assert left() == []  # type: ignore[operator]
    assert "killed" not in tried(agent, code).err


def test_secrets_come_from_variables_and_are_not_shown(agent: Agent, code: Path) -> None:
    agent.environ |= {"TOKEN_OF_MINE": "very-secret", "SIZE": "nine"}
    script = "echo $TOKEN_OF_MINE; echo $SIZE > $OUTPUT_DIR/size; echo ${HOME_TOKEN:-none}"
    words = ("--secret", "TOKEN_OF_MINE", "--secret", "SIZE", "--to", str(code.parent / "to"))
    done = tried(agent, code, script, *words)
    assert done.code == 0, done.err
    assert "shell | ***" in done.err
    assert "very-secret" not in done.out + done.err
    assert (code.parent / "to" / "size").read_text() == "nine\n"  # a secret wins, as on a node
    for name, said in (("INPUT_DIR", "sets itself"), ("PATH", "programs start"), ("NONE", "NONE")):
        refused = tried(agent, code, "true", "--secret", name)
        assert refused.code == 2, refused.err
        assert said in refused.err


def test_older_copies_of_code_are_removed(agent: Agent, code: Path) -> None:
    kept = Path(agent.environ["HOME"]) / ".pennsieve" / "local" / "code"
    for number in range(3):
        (code / "number").write_text(str(number))
        assert tried(agent, code).code == 0
        assert len(list(kept.iterdir())) == 1


# In containers.


@pytest.fixture
def contained(code: Path) -> Path:
    (code / "Dockerfile").write_text(DOCKERFILE.replace("debian:12", busybox_image()))
    return code


def in_container(agent: Agent, code: Path, script: str, *words: str) -> Result:
    return agent(
        "workflow", "test", str(code), "--engine", "docker", "-p", f"SCRIPT={script}", *words
    )


def containers(agent: Agent) -> list[str]:
    """The containers that commands of this machine have left."""
    cache = os.path.join(agent.environ["HOME"], ".pennsieve", "local")  # noqa: PTH118 - its text
    node = hashlib.sha256(cache.encode()).hexdigest()[:16]
    listed = ["docker", "ps", "-aq", "--filter", f"label={NODE_LABEL}={node}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.docker
def test_memory_is_limited_and_measured(agent: Agent, contained: Path) -> None:
    fill = "dd if=/dev/zero of=/dev/shm/x bs=1M count=40; sleep 0.2; touch $OUTPUT_DIR/x"
    document = answered(in_container(agent, contained, fill, "--json"))
    (step,) = document["steps"]
    assert 40 * 2**20 < step["peak_memory_bytes"] < 200 * 2**20
    assert not step["peak_memory_is_at_most"]
    assert step["declare"] == {"cpu": 256, "memory": 512}
    # Written, read again and kept by the kernel in memory, as long as nobody else needs it.
    copy = "dd if=/dev/zero of=/tmp/x bs=1M count=300; cat /tmp/x > $OUTPUT_DIR/x; sleep 0.2"
    document = answered(in_container(agent, contained, copy, "--json"))
    assert document["files"] == [{"path": "x", "bytes": 300 * 2**20}]
    assert document["steps"][0]["peak_memory_bytes"] < 40 * 2**20
    (contained / "app.yml").write_text(f"{MANIFEST}resources: {{cpu: 256, memory: 512}}\n")
    grow = "awk 'BEGIN { s = \"x\"; while (1) s = s s }'"
    failed = answered(in_container(agent, contained, grow, "--json"), 3)
    assert (
        failed["steps"][0]["reason"]
        == "ran out of memory; give the step more with its memory setting"
    )


@pytest.mark.docker
def test_input_is_read_only_and_what_is_lost_is_said(agent: Agent, contained: Path) -> None:
    script = "touch $INPUT_DIR/new; touch /app/lost.txt /tmp/fine; touch $OUTPUT_DIR/x"
    result = in_container(agent, contained, script)
    assert result.code == 0, result.err
    assert "Read-only file system" in result.err
    assert "wrote outside of OUTPUT_DIR (/app/lost.txt), which is lost" in result.err


@pytest.mark.docker
def test_a_build_that_fails_says_its_line(agent: Agent, contained: Path) -> None:
    lines = f"FROM {busybox_image()}\n# first\nRUN echo before && \\\n    false\n"
    (contained / "Dockerfile").write_text(lines + 'ENTRYPOINT ["sh"]\n')
    result = in_container(agent, contained, "true")
    assert result.code == 2
    assert "build shell | before" in result.err
    assert "line 3 of the Dockerfile, RUN echo before" in result.err
    assert "returned a non-zero code: 1" in result.err


@pytest.mark.docker
def test_a_build_that_hangs_is_ended(agent: Agent, contained: Path) -> None:
    (contained / "Dockerfile").write_text(
        f'FROM {busybox_image()}\nRUN sleep 62\nENTRYPOINT ["sh"]\n'
    )
    result = in_container(agent, contained, "true", "--timeout", "1")
    assert result.code == 2
    assert "building the image took too long" in result.err
    running = ["docker", "ps", "-q", "--no-trunc", "--format", "{{.Command}}"]
    assert (
        "sleep 62" not in subprocess.run(running, capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.docker
def test_control_c_leaves_no_container(agent: Agent, contained: Path, left: object) -> None:
    words = ("workflow", "test", str(contained), "--engine", "docker")
    stopped = typed(agent, *words, "-p", "SCRIPT=echo on; sleep 63", at="shell | on")
    assert stopped.code == 130
    assert containers(agent) == []
    assert left() == []  # type: ignore[operator]


@pytest.mark.docker
def test_control_c_ends_a_build(agent: Agent, contained: Path, left: object) -> None:
    (contained / "Dockerfile").write_text(
        f'FROM {busybox_image()}\nRUN echo building; sleep 66\nENTRYPOINT ["sh"]\n'
    )
    words = ("workflow", "test", str(contained), "--engine", "docker")
    stopped = typed(agent, *words, at="| building")
    assert stopped.code == 130, stopped.err
    wait_for(lambda: "sleep 66" not in commands(), commands)
    assert left() == []  # type: ignore[operator]


def commands() -> str:
    """What runs in all containers, of builds, too."""
    listed = ["docker", "ps", "-q", "--no-trunc", "--format", "{{.Command}}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout


@pytest.mark.docker
def test_the_next_command_removes_the_container_of_a_killed_one(
    agent: Agent, contained: Path, left: object
) -> None:
    with (
        begun(agent, contained, "sleep 67", engine="docker") as killed,
        begun(agent, contained, "sleep 68", engine="docker") as alive,
    ):
        killed.kill()
        killed.wait()
        assert len(containers(agent)) == 2
        done = in_container(agent, contained, "true")
        assert done.code == 0, done.err
        assert "ended what an earlier command left running" in done.err
        assert len(containers(agent)) == 1
        alive.send_signal(signal.SIGINT)
        assert alive.wait(30) == 130
    assert containers(agent) == []
    assert left() == []  # type: ignore[operator]


@pytest.mark.docker
def test_the_newest_image_of_a_repository_is_kept(agent: Agent, contained: Path) -> None:
    other = contained.with_name("other")
    shutil.copytree(contained, other)
    assert in_container(agent, other, "true").code == 0
    for number in range(3):
        (contained / "number").write_text(str(number))
        done = in_container(agent, contained, "ulimit -n > $OUTPUT_DIR/open; cat /app/number")
        assert done.code == 0, done.err
        assert f"shell | {number}" in done.err
    assert images(agent) == ["other", "shell"]
    with begun(agent, contained, "sleep 69", engine="docker") as held:
        (contained / "number").write_text("more")
        assert in_container(agent, contained, "true").code == 0
        assert images(agent) == ["other", "shell", "shell"]  # somebody may still need it
        held.send_signal(signal.SIGINT)
        assert held.wait(30) == 130


def images(agent: Agent) -> list[str]:
    """The short names of what the images were built from that commands of this machine left."""
    cache = os.path.join(agent.environ["HOME"], ".pennsieve", "local")  # noqa: PTH118 - its text
    node = hashlib.sha256(cache.encode()).hexdigest()[:16]
    listed = ["docker", "images", "--filter", f"label={COMMAND_LABEL}={node}"]
    listed += ["--format", "{{.Repository}}"]
    answer = subprocess.run(listed, capture_output=True, text=True, check=True)
    return sorted(name.removeprefix("pennsieve/") for name in answer.stdout.split())


@pytest.mark.docker
def test_a_program_may_have_as_many_open_files_as_on_a_node(
    agent: Agent, contained: Path, tmp_path: Path
) -> None:
    """An engine that has fewer itself, and no right to more, gives what it has."""
    script = "ulimit -Sn > $OUTPUT_DIR/soft; ulimit -Hn > $OUTPUT_DIR/hard"
    done = in_container(agent, contained, script, "--to", str(tmp_path / "to"))
    assert done.code == 0, done.err
    limits = {path.name: int(path.read_text()) for path in (tmp_path / "to").iterdir()}
    without = ["docker", "run", "--rm", busybox_image(), "sh", "-c", "ulimit -Hn"]
    usual = subprocess.run(without, capture_output=True, text=True, check=True).stdout.strip()
    allowed = [65_535] if usual == "unlimited" else [65_535, int(usual)]
    assert limits["soft"] == limits["hard"]
    assert limits["soft"] in allowed


@pytest.mark.docker
def test_an_image_for_other_machines(agent: Agent, contained: Path) -> None:
    arm = "pennsieve-test/arm:1"
    subprocess.run(["docker", "load"], input=arm_image(arm), capture_output=True, check=True)
    (contained / "Dockerfile").write_text(f'FROM --platform=linux/arm64 {arm}\nENTRYPOINT ["/x"]\n')
    result = in_container(agent, contained, "true")
    assert result.code == 2
    assert "linux/arm64" in result.err
    assert "linux/amd64" in result.err


def arm_image(tag: str) -> bytes:
    """An image for other machines, as ``docker save`` writes one ("Docker Image Specification")."""
    layer, whole = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("x"))
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {"architecture": "arm64", "os": "linux", "config": {}}
    files = {
        "config.json": {**config, "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}},
        "manifest.json": [{"Config": "config.json", "RepoTags": [tag], "Layers": ["layer.tar"]}],
    }
    contents = {name: json.dumps(value).encode() for name, value in files.items()}
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for name, data in {**contents, "layer.tar": layer.getvalue()}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return whole.getvalue()
