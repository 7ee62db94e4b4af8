"""Real child processes."""

from __future__ import annotations

import resource
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pennsieve_agent.engine.backend import Outcome, Program
from pennsieve_agent.engine.child_process import MARK, new_mark
from pennsieve_agent.engine.process_backend import ProcessBackend, read_dockerfile
from pennsieve_agent.errors import EngineError, SourceError
from tests.engine.make import LIMIT_SECONDS, Lines, make_task

SHELL = 'FROM debian:12\nWORKDIR /app\nCOPY . /app\nENTRYPOINT ["/bin/sh", "/app/run.sh"]\n'
PYTHON = 'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "main.py"]\n'


class Bench:
    """A backend, and a repository to be written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.backend = ProcessBackend(root / "cache", root.name, grace=0.2)
        self.lines = Lines()
        self.stop = threading.Event()

    def prepare(self, **files: str) -> Program:
        checkout = self.root / "checkout"
        checkout.mkdir(exist_ok=True)
        for name, text in files.items():
            (checkout / name.replace("__", ".")).write_text(text)
        return self.backend.prepare(checkout, "step", self.lines)

    def shell(self, script: str, **environment: str) -> Outcome:
        return self.run(self.prepare(Dockerfile=SHELL, run__sh=script), **environment)

    def python(self, script: str) -> Outcome:
        return self.run(self.prepare(Dockerfile=PYTHON, main__py=script))

    def run(self, program: Program, **environment: str) -> Outcome:
        task = make_task(self.root / "job", program, **environment)
        return self.backend.run(task, self.lines, self.stop)

    def stop_after(self, line: str) -> threading.Thread:
        def cancel() -> None:
            self.lines.wait_for(line)
            self.stop.set()

        thread = threading.Thread(target=cancel)
        thread.start()
        return thread


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        threading.Event().wait(0.01)
    return False


def test_a_program_reads_writes_and_prints(bench: Bench) -> None:
    program = bench.prepare(
        Dockerfile=SHELL,
        run__sh='echo "size $SIZE"; cat "$INPUT_DIR/a"; echo oops >&2\n'
        'echo made > "$OUTPUT_DIR/b"; pwd; printf "no end"',
    )
    task = make_task(bench.root / "job", program, SIZE="10")
    (task.input / "a").write_text("from the parent\n")
    assert bench.backend.run(task, bench.lines, bench.stop) == Outcome(0)
    assert bench.lines == [
        "size 10",
        "from the parent",
        "oops",
        str(task.scratch / "code"),
        "no end",
    ]
    assert (task.output / "b").read_text() == "made\n"


def test_lines_come_while_the_program_runs(bench: Bench) -> None:
    thread = bench.stop_after("now")
    outcome = bench.shell("echo now; sleep 60")
    thread.join()
    assert outcome == Outcome(143, "stopped")


def test_memory_has_a_limit_for_all_that_the_program_starts(bench: Bench) -> None:
    program = bench.prepare(
        Dockerfile=PYTHON,
        main__py="import subprocess, sys\n"
        "hold = 'import time; x = b\"x\" * (96 * 1024 * 1024); time.sleep(600)'\n"
        "subprocess.run([sys.executable, '-c', hold])\n",
    )
    task = make_task(bench.root / "job", program)
    outcome = bench.backend.run(
        replace(task, job=replace(task.job, memory=64)), bench.lines, bench.stop
    )
    assert outcome == Outcome(137, "ran out of memory (limit 64 MB)", out_of_memory=True)


def test_an_exit_code_decides(bench: Bench) -> None:
    assert bench.shell("exit 3") == Outcome(3, "it ended with exit code 3")


def test_a_signal_is_said_in_words(bench: Bench) -> None:
    assert bench.shell("kill -SEGV $$") == Outcome(139, "crashed (SIGSEGV)")


def test_the_environment_is_clean(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENNSIEVE_API_SECRET", "hush")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert bench.shell("env; [ -t 0 ] || cat", RUN="r-1").ok
    names = {line.partition("=")[0] for line in bench.lines}
    assert names == {
        *("PATH", "HOME", "TMPDIR", "LANG", "PYTHONUNBUFFERED", "RUN", "INPUT_DIR", "OUTPUT_DIR"),
        *("PENNSIEVE_TASK", "PWD"),
    }
    assert f"HOME={bench.root / 'job' / 'scratch'}" in bench.lines
    assert "hush" not in "".join(bench.lines)


def test_this_program_is_not_found_by_a_step(bench: Bench) -> None:
    assert bench.shell("command -v pennsieve || echo none; command -v sh >/dev/null").ok
    assert bench.lines == ["none"]


def test_the_dockerfile_makes_files_executable_and_adds_folders_to_the_path(bench: Bench) -> None:
    program = bench.prepare(
        Dockerfile="FROM x\nCOPY . /app/bin/\nENV PATH=/app/bin:$PATH\nRUN apt-get install -y x\n"
        'RUN chmod +x /app/bin/go\nCMD ["sh", "-c", "go"]',
        go="#!/bin/sh\necho went\n",
    )
    left_out = "RUN apt-get install -y x: not done, or not all, without an engine"
    assert bench.run(program).ok
    assert bench.lines == [left_out, "went"]


def test_who_ignores_a_request_to_stop_is_killed(bench: Bench) -> None:
    thread = bench.stop_after("deaf")
    outcome = bench.shell("trap '' TERM; echo deaf; while :; do sleep 0.01; done")
    thread.join()
    assert outcome == Outcome(137, "stopped")


def test_who_stops_politely_is_stopped_all_the_same(bench: Bench) -> None:
    thread = bench.stop_after("ready")
    outcome = bench.shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done")
    thread.join()
    assert outcome == Outcome(143, "stopped")
    assert bench.lines[-1] == "bye"


@pytest.mark.parametrize("start", ["sleep 60 &", "setsid sleep 60 &"])
def test_a_grandchild_neither_hangs_nor_survives(bench: Bench, start: str) -> None:
    assert bench.shell(f"{start} echo $!; exit 0") == Outcome(0)
    assert is_gone(int(bench.lines[0]))


def test_a_program_may_close_its_output(bench: Bench) -> None:
    assert bench.shell("exec >&- 2>&-; sleep 0.2; exit 4").exit_code == 4


def test_bytes_that_are_no_text(bench: Bench) -> None:
    assert bench.shell(r"printf 'caf\351\n'").ok
    assert bench.lines == ["caf\N{REPLACEMENT CHARACTER}"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
def test_sweep_ends_what_an_earlier_process_left(bench: Bench) -> None:
    mark = new_mark(bench.root.name)
    other = new_mark(f"{bench.root.name}-other")
    with (
        subprocess.Popen(["sleep", "60"], env={MARK: mark}) as mine,
        subprocess.Popen(["sleep", "60"], env={MARK: other}) as foreign,
    ):
        assert bench.backend.sweep() == 1
        assert mine.wait(LIMIT_SECONDS) == -signal.SIGKILL
        assert foreign.poll() is None
        foreign.kill()
    bench.backend.close()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
def test_sweep_leaves_what_belongs_to_a_command_that_lives(bench: Bench) -> None:
    marks = [new_mark(bench.root.name, holder) for holder in ("/tmp/dead", "/tmp/a.live")]  # noqa: S108 - names alone
    with (
        subprocess.Popen(["sleep", "60"], env={MARK: marks[0]}) as dead,
        subprocess.Popen(["sleep", "60"], env={MARK: marks[1]}) as alive,
    ):
        assert bench.backend.sweep(lambda holder: holder == "/tmp/a.live") == 1  # noqa: S108
        assert dead.wait(LIMIT_SECONDS) == -signal.SIGKILL
        assert alive.poll() is None
        alive.kill()


def test_a_program_of_another_backend(bench: Bench) -> None:
    with pytest.raises(EngineError, match="prepared for the 'docker' backend"):
        bench.run(Program("docker", "sha256:0"))


def test_a_million_lines_keep_the_memory_flat(bench: Bench) -> None:
    count = 0

    def log(_: str) -> None:
        nonlocal count
        count += 1

    program = bench.prepare(
        Dockerfile=PYTHON,
        main__py="import sys\nfor _ in range(100):\n sys.stdout.write('0123456\\n' * 10000)",
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert bench.backend.run(make_task(bench.root / "job", program), log, bench.stop).ok
    assert count == 1_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_a_log_that_fails_leaves_nothing_running(bench: Bench) -> None:
    def log(line: str) -> None:
        raise RuntimeError(line)

    program = bench.prepare(Dockerfile=SHELL, run__sh="echo $$; sleep 60")
    with pytest.raises(RuntimeError) as caught:
        bench.backend.run(make_task(bench.root / "job", program), log, bench.stop)
    assert is_gone(int(str(caught.value)))


def test_python_is_an_environment_without_our_packages(bench: Bench) -> None:
    assert bench.python("import sys; print(sys.prefix); import pennsieve_agent").exit_code == 1
    assert bench.lines[0] == str(next((bench.root / "cache" / "environments").glob("*/")))
    assert "No module named 'pennsieve_agent'" in bench.lines[-1]


def test_runs_do_not_see_each_others_code(bench: Bench) -> None:
    program = bench.prepare(Dockerfile=SHELL, run__sh="ls; touch trace")
    for name in ("one", "two"):
        assert bench.backend.run(make_task(bench.root / name, program), bench.lines, bench.stop).ok
    assert bench.lines == ["Dockerfile", "run.sh"] * 2


def test_prepared_code_outlives_the_checkout(bench: Bench) -> None:
    program = bench.prepare(Dockerfile=SHELL, run__sh="echo one")
    assert bench.prepare() == program
    assert bench.prepare(run__sh="echo two") != program
    assert bench.run(program).ok
    assert bench.lines == ["one"]


def test_several_may_prepare_the_same_at_once(bench: Bench) -> None:
    checkout = bench.root / "checkout"
    checkout.mkdir()
    (checkout / "Dockerfile").write_text(SHELL)
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(bench.backend.prepare, checkout, "x", bench.lines) for _ in range(8)]
    assert len({future.result() for future in made}) == 1
    assert len(list((bench.root / "cache" / "code").iterdir())) == 1


def test_what_the_machine_lacks_needs_an_engine(bench: Bench) -> None:
    program = bench.prepare(Dockerfile='FROM r-base\nCMD ["Rscript-of-nobody", "a.R"]')
    outcome = bench.run(program)
    assert outcome.exit_code == 127
    assert "'Rscript-of-nobody' is not on this machine" in outcome.reason
    assert "start Docker" in outcome.reason


def test_a_script_that_is_not_executable(bench: Bench) -> None:
    program = bench.prepare(
        Dockerfile='FROM x\nCOPY run.sh /app/run.sh\nCMD ["/app/run.sh"]', run__sh="#!/bin/sh\n"
    )
    assert bench.run(program) == Outcome(126, "'run.sh' is not marked as executable")


def test_prepared_code_that_is_gone(bench: Bench) -> None:
    reference = '{"code": "/nowhere/a", "environment": "/nowhere/b"}'
    with pytest.raises(EngineError, match="no longer exists"):
        bench.run(Program("process", reference))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the repository has no Dockerfile"),
        (b"FROM \xff\xfe", "not text in UTF-8"),
        (b"FROM debian", "does not say what to run"),
    ],
)
def test_repositories_that_cannot_be_used(
    bench: Bench, content: bytes | None, message: str
) -> None:
    (bench.root / "checkout").mkdir()
    if content is not None:
        (bench.root / "checkout" / "Dockerfile").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        bench.prepare()


def test_nothing_of_git_is_kept(bench: Bench) -> None:
    (bench.root / "checkout" / ".git").mkdir(parents=True)
    assert bench.shell("ls -a").ok
    assert ".git" not in bench.lines


def test_layers_are_shown_by_name(bench: Bench) -> None:
    layer = bench.root / "atlas"
    layer.mkdir()
    (layer / "regions.txt").write_text("cortex")
    program = bench.prepare(Dockerfile=SHELL, run__sh='cat "$LAYERS_DIR/atlas/regions.txt"')
    task = make_task(bench.root / "job", program)
    layered = replace(task, job=replace(task.job, layers={"atlas": str(layer)}))
    assert bench.backend.run(layered, bench.lines, bench.stop) == Outcome(0)
    assert bench.lines == ["cortex"]
    assert "LAYERS_DIR" not in task.environment("i", "o", "l")


def test_comments_in_latin_1_are_no_reason_to_refuse(tmp_path: Path) -> None:
    text = 'FROM base\n# für Elise\nLABEL by="Ada à Paris"\nCMD ["true"]\n'
    (tmp_path / "Dockerfile").write_bytes(text.encode("latin-1"))
    assert read_dockerfile(tmp_path, "elise").argv() == ("true",)
