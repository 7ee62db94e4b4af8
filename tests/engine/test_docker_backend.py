"""Real containers in a real engine. Nothing with our label may be left after any test."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pennsieve_agent.domain.step_files import data_path, step_folder
from pennsieve_agent.engine.backend import Outcome, Program, Task
from pennsieve_agent.engine.docker_backend import (
    HOLDER_LABEL,
    JOB_LABEL,
    NODE_LABEL,
    RUN_LABEL,
    DockerBackend,
)
from pennsieve_agent.engine.docker_daemon import connect
from pennsieve_agent.engine.file_ownership import Owner
from pennsieve_agent.errors import EngineError, SourceError
from tests.cli.following import wait_for
from tests.engine.images import busybox_image, has_python, python_image
from tests.engine.make import Lines, make_task

pytestmark = pytest.mark.docker
NAME = f"engine-test-{os.getpid()}"
INPUT, OUTPUT = (data_path(step_folder(step)) for step in ("before", "step"))
NOBODY = Owner(65534, 65534)


def docker(*words: str) -> list[str]:
    found = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
    return found.stdout.split()


class Bench:
    """A backend with a label of its own."""

    shell: Program | None = None

    def __init__(self, root: Path, client: object) -> None:
        self.root = root
        self.node = f"test-{os.getpid()}-{root.name}"
        self.client = client
        self.backend = DockerBackend(client, self.node, grace=0.5)
        self.lines = Lines()
        self.stop = threading.Event()

    def build(self, *instructions: str, **files: str) -> Program:
        checkout = self.root / "checkout"
        checkout.mkdir(exist_ok=True)
        lines = [f"FROM {busybox_image()}", *instructions]
        (checkout / "Dockerfile").write_text("\n".join(lines) + "\n")
        for name, text in files.items():
            (checkout / name.replace("__", ".")).write_text(text)
        return self.backend.prepare(checkout, NAME, Lines())

    def task(self, script: str, **environment: str) -> Task:
        """A shell script given as a variable, so that all tests share one image."""
        if Bench.shell is None:
            Bench.shell = self.build('ENTRYPOINT ["/bin/sh", "-c", "eval \\"$SCRIPT\\""]')
        program = Bench.shell
        return make_task(self.root / "job", program, SCRIPT=script, **environment)

    def run(self, task: Task) -> Outcome:
        return self.backend.run(task, self.lines, self.stop)

    def stop_after(self, line: str) -> threading.Thread:
        def cancel() -> None:
            self.lines.wait_for(line)
            self.stop.set()

        thread = threading.Thread(target=cancel)
        thread.start()
        return thread

    def left(self) -> list[str]:
        return docker("ps", "-aq", "--filter", f"label={NODE_LABEL}={self.node}")


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    found = connect({}, tmp_path_factory.mktemp("home"))
    yield found
    made = docker("image", "ls", "-q", "--filter", f"label=io.pennsieve.agent.program={NAME}")
    if made:
        docker("image", "rm", "-f", *set(made))
    found.close()


@pytest.fixture
def bench(tmp_path: Path, client: object) -> Iterator[Bench]:
    bench = Bench(tmp_path, client)
    yield bench
    assert bench.left() == []


def test_a_program_reads_writes_and_prints(bench: Bench) -> None:
    task = bench.task(
        'echo "$INPUT_DIR $OUTPUT_DIR $SIZE"; cat $INPUT_DIR/a; echo oops >&2; '
        'echo made > $OUTPUT_DIR/b; printf "no end"',
        SIZE="10",
    )
    (task.input / "a").write_text("from the parent\n")
    assert bench.run(task) == Outcome(0)
    assert sorted(bench.lines) == sorted(
        [f"{INPUT} {OUTPUT} 10", "from the parent", "oops", "no end"]
    )
    assert (task.output / "b").read_text() == "made\n"


def test_the_environment_has_nothing_of_ours(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENNSIEVE_API_SECRET", "hush")
    assert bench.run(bench.task("env | cut -d= -f1")).ok
    assert sorted(bench.lines) == [
        *("HOME", "HOSTNAME", "INPUT_DIR", "OUTPUT_DIR", "PATH", "PWD", "SCRIPT", "SHLVL"),
    ]


def test_lines_come_while_the_container_runs(bench: Bench) -> None:
    thread = bench.stop_after("now")
    task = bench.task("trap 'echo bye; exit 0' TERM; echo now; while :; do sleep 0.1; done")
    outcome = bench.run(task)
    thread.join()
    assert outcome == Outcome(143, "stopped")
    assert bench.lines == ["now", "bye"]


def test_who_ignores_a_request_to_stop_is_killed(bench: Bench) -> None:
    thread = bench.stop_after("deaf")
    outcome = bench.run(bench.task("trap '' TERM; echo deaf; while :; do sleep 0.1; done"))
    thread.join()
    assert outcome == Outcome(137, "stopped")


def test_an_exit_code_decides(bench: Bench) -> None:
    assert bench.run(bench.task("exit 3")) == Outcome(3, "it ended with exit code 3")


def test_a_signal_is_said_in_words(bench: Bench) -> None:
    assert bench.run(bench.task("sh -c 'kill -SEGV $$'")).reason == "crashed (SIGSEGV)"


def test_input_is_read_only(bench: Bench) -> None:
    task = bench.task("echo x > $INPUT_DIR/a || touch $INPUT_DIR/b || touch /mnt/run/c || exit 9")
    (task.input / "a").write_text("kept")
    assert bench.run(task).exit_code == 9
    assert (task.input / "a").read_text() == "kept"


def test_memory_has_a_limit(bench: Bench) -> None:
    task = bench.task("x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done")
    outcome = bench.run(replace(task, job=replace(task.job, memory=16, cpu=1 << 20)))
    assert outcome == Outcome(137, "ran out of memory (limit 16 MB)", out_of_memory=True)


def test_what_a_container_takes_is_measured(bench: Bench) -> None:
    script = "dd if=/dev/zero of=/dev/null bs=200M count=1; dd if=/dev/zero of={} bs=10M count=1"
    outcome = bench.run(bench.task(script.format("$OUTPUT_DIR/made") + "; sleep 0.1"))
    assert outcome.ok
    used = outcome.measured
    assert (used.by, used.bound) == ("cgroup", "")
    assert used.peak_memory == pytest.approx(200 * 2**20, rel=0.2)
    assert used.written == pytest.approx(10 * 2**20, rel=0.2)
    assert 0 < (used.cpu_seconds or 0) < 5


def test_a_container_has_no_more_rights_than_it_needs(bench: Bench) -> None:
    task = bench.task("grep -E '^(CapEff|NoNewPrivs)' /proc/self/status")
    assert bench.run(task).ok
    # CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID: bits 0, 1, 3, 6, 7.
    assert [line.split()[-1] for line in bench.lines] == ["00000000000000cb", "1"]


@pytest.mark.parametrize(
    ("command", "code", "reason"),
    [
        ('["/no/such/thing"]', 127, "was not found"),
        ('["no-such-thing"]', 127, "was not found"),
        ('["/etc/passwd"]', 126, "cannot be executed"),
    ],
)
def test_a_command_that_cannot_be_started(
    bench: Bench, command: str, code: int, reason: str
) -> None:
    task = make_task(bench.root / "job", bench.build(f"ENTRYPOINT {command}"))
    outcome = bench.run(task)
    assert outcome.exit_code == code
    assert reason in outcome.reason


def test_a_program_may_close_its_output(bench: Bench) -> None:
    assert bench.run(bench.task("exec >&- 2>&-; sleep 0.3; exit 4")).exit_code == 4


def test_much_output_is_complete(bench: Bench) -> None:
    assert bench.run(bench.task("seq 1 100000; seq 1 1000 >&2")).ok
    assert len(bench.lines) == 101_000
    assert {"100000", "1"} <= set(bench.lines)


def test_a_log_that_fails_leaves_nothing_running(bench: Bench) -> None:
    def log(line: str) -> None:
        raise RuntimeError(line)

    with pytest.raises(RuntimeError, match="hi"):
        bench.backend.run(bench.task("echo hi; sleep 60"), log, bench.stop)


def test_several_run_at_once(bench: Bench) -> None:
    first = bench.task("echo $N; until [ -e $OUTPUT_DIR/go ]; do sleep 0.05; done")
    tasks = [
        make_task(bench.root / str(n), first.program, **first.job.environment, N=str(n))
        for n in range(3)
    ]
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(bench.run, task) for task in tasks]
        for n, task in enumerate(tasks):
            bench.lines.wait_for(str(n))
            (task.output / "go").touch()
    assert [future.result() for future in running] == [Outcome(0)] * 3


def test_results_belong_to_the_user(bench: Bench) -> None:
    bench.backend = DockerBackend(bench.client, bench.node, owner=NOBODY)
    task = bench.task("umask 077; mkdir $OUTPUT_DIR/d; echo x > $OUTPUT_DIR/d/f")
    assert bench.run(task).ok
    for path in (task.output, task.output / "d", task.output / "d" / "f"):
        assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY.uid, NOBODY.gid)


def test_an_image_without_chown_says_so(bench: Bench) -> None:
    bench.backend = DockerBackend(bench.client, bench.node, owner=NOBODY)
    program = bench.build("RUN rm /bin/chown", f'ENTRYPOINT ["touch", "{OUTPUT}/x"]')
    assert bench.run(make_task(bench.root / "job", program)).ok
    assert "sudo chown -R 65534" in bench.lines[-1]


def test_an_image_may_run_as_another_user(bench: Bench) -> None:
    program = bench.build(
        "USER 1234", 'ENTRYPOINT ["/bin/sh", "-c", "cat $INPUT_DIR/d/a > $OUTPUT_DIR/b"]'
    )
    task = make_task(bench.root / "job", program)
    (task.input / "d").mkdir()
    (task.input / "d" / "a").write_text("read")
    task.root.chmod(0o700)
    assert bench.run(task) == Outcome(0)
    assert (task.output / "b").read_text() == "read"


def test_sweep_removes_what_an_earlier_process_left(bench: Bench) -> None:
    label = f"{NODE_LABEL}={bench.node}"
    docker("run", "-d", "--label", label, busybox_image(), "sleep", "60")
    other = docker("run", "-d", "--label", f"{label}-other", busybox_image(), "sleep", "60")
    assert bench.backend.sweep() == 1
    assert bench.left() == []
    assert docker("ps", "-q", "--no-trunc", "--filter", f"id={other[0]}") == other
    docker("rm", "-f", *other)
    assert bench.backend.sweep() == 0


def test_sweep_leaves_what_belongs_to_a_command_that_lives(bench: Bench) -> None:
    node = f"{NODE_LABEL}={bench.node}"
    for holder in ("dead", "alive"):
        labels = ("--label", node, "--label", f"{HOLDER_LABEL}={holder}")
        docker("run", "-d", *labels, busybox_image(), "sleep", "60")
    assert bench.backend.sweep(lambda holder: holder == "alive") == 1
    assert bench.backend.sweep(lambda holder: holder == "alive") == 0
    assert bench.backend.sweep() == 1


def test_files_of_a_container_that_was_left_become_the_users(bench: Bench, tmp_path: Path) -> None:
    bench.backend = DockerBackend(bench.client, bench.node, owner=NOBODY)
    folder = tmp_path / "own"
    folder.mkdir()
    label = ("--label", f"{NODE_LABEL}={bench.node}", "-v", f"{folder}:/own")
    docker("run", "-d", *label, busybox_image(), "sh", "-c", "touch /own/file; sleep 60")
    wait_for((folder / "file").exists, lambda: "no file")
    assert bench.backend.sweep() == 1
    assert (folder / "file").stat().st_uid == NOBODY.uid
    assert bench.left() == []


def test_a_container_says_whose_it_is(bench: Bench) -> None:
    found: list[str] = []

    def log(_: str) -> None:
        form = f'{{{{.Label "{RUN_LABEL}"}}}} {{{{.Label "{JOB_LABEL}"}}}}'
        found.extend(docker("ps", "--format", form, "--filter", f"label={NODE_LABEL}={bench.node}"))

    assert bench.backend.run(bench.task("echo hi; sleep 1"), log, bench.stop).ok
    assert found == ["r-1", "step"]


def test_a_build_shows_its_log_and_tags_the_image(bench: Bench) -> None:
    checkout, lines = bench.root / "checkout", Lines()
    checkout.mkdir()
    said = f"said by {NAME}"  # new in each process, so that no earlier build is used again
    (checkout / "Dockerfile").write_text(f"FROM {busybox_image()}\nRUN echo {said}\n")
    program = bench.backend.prepare(checkout, NAME, lines)
    assert said in lines
    short = program.reference.removeprefix("sha256:")[:12]
    tagged = docker("image", "inspect", "--format", "{{.Id}}", f"pennsieve/{NAME}:{short}")
    assert tagged == [program.reference]


@pytest.mark.parametrize(
    ("dockerfile", "message"),
    [
        (None, "the repository has no Dockerfile"),
        ("FROM {base}\nRUN exit 7\n", "returned a non-zero code: 7"),
        ("FROM {base}\nCOPY nothing /\n", "nothing"),
        ("FRUM {base}\n", "(?i)frum"),
    ],
)
def test_a_repository_that_cannot_be_built(
    bench: Bench, dockerfile: str | None, message: str
) -> None:
    checkout = bench.root / "checkout"
    checkout.mkdir()
    if dockerfile is not None:
        (checkout / "Dockerfile").write_text(dockerfile.format(base=busybox_image()))
    with pytest.raises(SourceError, match=message):
        bench.backend.prepare(checkout, NAME, Lines())


def test_an_image_that_is_gone(bench: Bench) -> None:
    program = Program("docker", "sha256:" + "0" * 64)
    with pytest.raises(EngineError, match="No such image"):
        bench.run(make_task(bench.root / "job", program))


@pytest.mark.skipif(not has_python(), reason="no Python of the system to make an image of")
def test_python_runs_in_its_image(bench: Bench) -> None:
    checkout = bench.root / "checkout"
    checkout.mkdir()
    (checkout / "main.py").write_text("import json, sys; print(json.dumps(sys.version_info[:2]))")
    (checkout / "Dockerfile").write_text(
        f'FROM {python_image()}\nWORKDIR /app\nCOPY . .\nCMD ["python", "main.py"]\n'
    )
    program = bench.backend.prepare(checkout, NAME, Lines())
    assert bench.run(make_task(bench.root / "job", program)).ok
    assert bench.lines == ["[3, 11]"]


def test_layers_are_read_only_folders(bench: Bench) -> None:
    layer = bench.root / "atlas"
    layer.mkdir()
    (layer / "regions.txt").write_text("cortex")
    script = 'cat "$LAYERS_DIR/atlas/regions.txt"; echo; touch "$LAYERS_DIR/atlas/x" 2>/dev/null'
    task = bench.task(f"{script} || echo refused")
    layered = replace(task, job=replace(task.job, layers={"atlas": str(layer)}))
    assert bench.run(layered).ok
    assert bench.lines == ["cortex", "refused"]


def test_the_output_can_be_removed_and_made_anew(bench: Bench) -> None:
    task = bench.task(
        "rm -r $OUTPUT_DIR && mkdir $OUTPUT_DIR && ln -s $INPUT_DIR/a $OUTPUT_DIR/a && "
        "cat $OUTPUT_DIR/a"
    )
    (task.input / "a").write_text("linked")
    assert bench.run(task).ok
    assert bench.lines == ["linked"]
    assert (task.output / "a").readlink().as_posix() == f"{INPUT}/a"


def test_what_a_step_made_is_read_by_a_step_that_runs_as_another_user(bench: Bench) -> None:
    first = bench.task("umask 077; mkdir $OUTPUT_DIR/d; echo made > $OUTPUT_DIR/d/f")
    assert bench.run(first).ok
    program = bench.build("USER 1234", 'ENTRYPOINT ["/bin/sh", "-c", "cat $INPUT_DIR/d/f"]')
    other = make_task(bench.root / "job", program)
    own = first.root / step_folder("other")
    (own / "data").mkdir(parents=True)
    after = replace(other, input=first.output, output=own / "data")
    assert bench.run(after).ok
    assert bench.lines == ["made"]
