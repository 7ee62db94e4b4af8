"""What a program took, and what it wrote where it is lost."""

from __future__ import annotations

import resource
import sys
import threading
from pathlib import Path

import pytest

from pennsieve_agent.domain.measured import AT_MOST, Measured
from pennsieve_agent.engine.astray import astray
from pennsieve_agent.engine.child_process import Bounds, ChildEnd, measured_by, run_child
from pennsieve_agent.engine.container_watch import Peak, disks_of
from pennsieve_agent.engine.control_groups import Reading, groups_at, groups_of

MB = 2**20
NO_BOUNDS = Bounds()


def child(script: str, folder: Path, bounds: Bounds = NO_BOUNDS) -> ChildEnd:
    return run_child(
        [sys.executable, "-I", "-c", script],
        cwd=folder,
        env={},
        log=lambda _: None,
        stop=threading.Event(),
        bounds=bounds,
    )


def test_a_process_and_those_that_it_waits_for_are_measured(tmp_path: Path) -> None:
    # It has to be more than this process, however much that has taken.
    more = 200 + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    program = f"x = b'1' * {more * MB}; open('made', 'wb').write(b'1' * {10 * MB})"
    large = child(program, tmp_path).measured
    assert large.by == "process"
    assert large.peak_memory == pytest.approx(more * MB, rel=0.2)
    assert large.written == pytest.approx(10 * MB, rel=0.2)
    assert large.bound == ""
    words = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}])"
    inner = child(words, tmp_path).measured
    assert (inner.peak_memory or 0) >= more * MB
    assert inner.written == pytest.approx(10 * MB, rel=0.2)
    busy = child("import time\nwhile time.process_time() < 0.4: pass", tmp_path)
    assert 0.3 < (busy.measured.cpu_seconds or 0) < 5
    assert busy.code == 0


BOTH = """\
import subprocess, sys, time
one = "x = b'1' * {size}; print(1, flush=True); input()"
pipe = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
two = [subprocess.Popen([sys.executable, "-Ic", one], **pipe) for _ in range(2)]
for process in two:
    process.stdout.readline()
time.sleep(2)
for process in two:
    process.communicate(b"1")
"""


def test_processes_at_once_are_measured_together(tmp_path: Path) -> None:
    # Together more than this process, which the first of them begins as a copy of.
    size = (150 + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024) * MB
    end = child(BOTH.format(size=size), tmp_path, Bounds(memory=3 * size))
    assert 2 * size <= (end.measured.peak_memory or 0) < 2 * size + 100 * MB


def test_what_is_below_our_own_memory_is_said_so(tmp_path: Path) -> None:
    held = b"1" * (300 * MB)  # the child begins as a copy of this process
    small = run_child(
        ["/bin/true"], cwd=tmp_path, env={}, log=lambda _: None, stop=threading.Event()
    )
    assert small.measured.bound == AT_MOST
    assert len(held)


def test_each_system_counts_in_its_own_units() -> None:
    taken = resource.struct_rusage((1.5, 0.25, 3000, 0, 0, 0, 0, 0, 0, 20, 40, 0, 0, 0, 0, 0))
    assert measured_by(taken, 0, 0, "linux") == Measured(
        3000 * 1024, 1.75, 20 * 512, 40 * 512, "process"
    )
    # macOS counts bytes of memory, and blocks of any size.
    assert measured_by(taken, 3000, 0, "darwin") == Measured(
        3000, 1.75, None, None, "process", AT_MOST
    )


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_both_versions_of_control_groups_are_read(tmp_path: Path) -> None:
    memory, proc = tmp_path / "one/memory/docker/c", tmp_path / "proc"
    write(memory / "memory.usage_in_bytes", "900\n")
    write(memory / "memory.max_usage_in_bytes", "1000\n")
    write(memory / "memory.stat", "active_file 1\ntotal_active_file 20\ntotal_inactive_file 30\n")
    write(memory / "cgroup.procs", "7\n11\n")
    write(tmp_path / "one/cpuacct/docker/c/cpuacct.usage", "1500000000\n")
    write(
        tmp_path / "one/blkio/docker/c/blkio.throttle.io_service_bytes_recursive",
        "8:0 Read 70\n8:0 Write 5\n8:0 Total 75\n8:16 Read 1\nTotal 76\n",
    )
    scope = tmp_path / "two/system.slice/c.scope"
    write(scope / "memory.current", "1900\n")
    write(scope / "memory.stat", "anon 1\nactive_file 200\ninactive_file 300\n")
    write(scope / "cpu.stat", "usage_usec 2500000\nuser_usec 1\n")
    write(scope / "io.stat", "8:0 rbytes=90 wbytes=40 rios=1\n8:16 rbytes=1 wbytes=2 rios=1\n")
    write(proc / "7/cgroup", "4:memory:/docker/c\n3:blkio:/docker/c\n2:cpuacct,cpu:/docker/c\n")
    write(proc / "7/io", "rchar: 9\nread_bytes: 10\nwrite_bytes: 20\n")
    write(proc / "8/cgroup", "0::/system.slice/c.scope\n")
    write(proc / "9/cgroup", "4:memory:/\n0::/\n")
    first = groups_of(7, proc, tmp_path / "one")
    second = groups_of(8, proc, tmp_path / "two")
    assert first is not None
    assert second is not None
    assert first() == Reading(900, 1000, 50, 1.5, 71, 20)  # of processes 7 and 11, 11 has ended
    assert second() == Reading(1900, 1900, 500, 2.5, 91, 42)  # before Linux 5.19
    write(scope / "memory.peak", "2000\n")
    assert second().most == 2000
    (scope / "io.stat").unlink()
    assert second().read is None
    assert groups_of(9, proc, tmp_path / "one") is None  # it has ended
    assert groups_of(10, proc, tmp_path / "one") is None
    assert groups_at("docker/gone", "docker/gone", "", proc, tmp_path / "one") is None


def test_file_cache_does_not_count_and_what_was_short_does() -> None:
    peak = Peak()
    peak.add(Reading(used=50, most=50, cache=0, cpu_seconds=0.1, written=30))
    assert peak.measured.peak_memory == 50
    peak.add(Reading(used=900, most=900, cache=860, cpu_seconds=0.2))  # a file was copied
    assert peak.measured.peak_memory == 50
    peak.add(Reading(used=860, most=1200, cache=860, cpu_seconds=0.3, written=10))
    # 340 came and went, and so did the process that wrote 30.
    assert peak.measured == Measured(340, 0.3, None, 30, "cgroup")


def test_an_engine_elsewhere_tells_of_disks_or_does_not() -> None:
    rows = [{"op": "Read", "value": 5}, {"op": "write", "value": 7}, {"op": "Total", "value": 12}]
    assert disks_of({"io_service_bytes_recursive": rows}) == (5, 7)
    assert disks_of({"io_service_bytes_recursive": None}) == (None, None)


@pytest.mark.parametrize(
    ("changes", "files"),
    [
        ([("/app", 0), ("/app/lost.txt", 1)], ("/app/lost.txt",)),
        ([("/var/tmp/x", 1), ("/root/.cache/pip/a", 1)], ()),  # noqa: S108 - in a container
        ([("/sbin", 0), ("/sbin/docker-init", 1), ("/mnt", 0), ("/mnt/run", 1)], ()),
        ([("/app/__pycache__", 1), ("/app/__pycache__/a.pyc", 1)], ()),
        ([("/data", 1), ("/data/old", 2), ("/results", 1)], ("/data", "/results")),
    ],
)
def test_what_is_lost(changes: list[tuple[str, int]], files: tuple[str, ...]) -> None:
    assert astray(changes) == files
