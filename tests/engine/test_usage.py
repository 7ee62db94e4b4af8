"""What a program took, and what it wrote where it is lost."""

from __future__ import annotations

import resource
import sys
import threading
from pathlib import Path

import pytest

from pennsieve_agent.engine.astray import astray
from pennsieve_agent.engine.backend import Usage
from pennsieve_agent.engine.child_process import ChildEnd, run_child
from pennsieve_agent.engine.memory_watch import Peak, Reading, groups_at, groups_of

MB = 2**20


def child(script: str, folder: Path) -> ChildEnd:
    return run_child(
        [sys.executable, "-I", "-c", script],
        cwd=folder,
        env={},
        log=lambda _: None,
        stop=threading.Event(),
    )


def test_a_process_and_those_that_it_waits_for_are_measured(tmp_path: Path) -> None:
    # It has to be more than this process, however much that has taken.
    more = 100 + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    large = child(f"x = b'1' * {more * MB}", tmp_path)
    assert more * MB <= large.usage.memory < (more + 200) * MB
    assert not large.usage.at_most
    grandchild = f"[sys.executable, '-c', \"x = b'1' * {more * MB}\"]"
    inner = child(f"import subprocess, sys; subprocess.run({grandchild})", tmp_path)
    assert inner.usage.memory >= more * MB
    busy = child("import time\nwhile time.process_time() < 0.4: pass", tmp_path)
    assert 0.3 < busy.usage.cpu_seconds < 5
    assert busy.code == 0


def test_what_is_below_our_own_memory_is_said_so(tmp_path: Path) -> None:
    held = b"1" * (300 * MB)  # the child begins as a copy of this process
    small = run_child(
        ["/bin/true"], cwd=tmp_path, env={}, log=lambda _: None, stop=threading.Event()
    )
    assert small.usage.at_most
    assert len(held)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_both_versions_of_control_groups_are_read(tmp_path: Path) -> None:
    memory = tmp_path / "one/memory/docker/c"
    write(memory / "memory.usage_in_bytes", "900\n")
    write(memory / "memory.max_usage_in_bytes", "1000\n")
    write(memory / "memory.stat", "active_file 1\ntotal_active_file 20\ntotal_inactive_file 30\n")
    write(tmp_path / "one/cpuacct/docker/c/cpuacct.usage", "1500000000\n")
    scope = tmp_path / "two/system.slice/c.scope"
    write(scope / "memory.current", "1900\n")
    write(scope / "memory.stat", "anon 1\nactive_file 200\ninactive_file 300\n")
    write(scope / "cpu.stat", "usage_usec 2500000\nuser_usec 1\n")
    write(tmp_path / "proc/7/cgroup", "4:memory:/docker/c\n2:cpuacct,cpu:/docker/c\n0::/x\n")
    write(tmp_path / "proc/8/cgroup", "0::/system.slice/c.scope\n")
    write(tmp_path / "proc/9/cgroup", "4:memory:/\n0::/\n")
    first = groups_of(7, tmp_path / "proc", tmp_path / "one")
    second = groups_of(8, tmp_path / "proc", tmp_path / "two")
    assert first is not None
    assert second is not None
    assert first() == Reading(900, 1000, 50, 1.5)
    assert second() == Reading(1900, 1900, 500, 2.5)  # before Linux 5.19
    write(scope / "memory.peak", "2000\n")
    assert second().most == 2000
    assert groups_of(9, tmp_path / "proc", tmp_path / "one") is None  # it has ended
    assert groups_of(10, tmp_path / "proc", tmp_path / "one") is None
    assert groups_at("docker/gone", "docker/gone", tmp_path / "one") is None


def test_file_cache_does_not_count_and_what_was_short_does() -> None:
    peak = Peak()
    peak.add(Reading(used=50, most=50, cache=0, cpu_seconds=0.1))
    assert peak.usage.memory == 50
    peak.add(Reading(used=900, most=900, cache=860, cpu_seconds=0.2))  # a file was copied
    assert peak.usage.memory == 50
    peak.add(Reading(used=860, most=1200, cache=860, cpu_seconds=0.3))  # 340 came and went
    assert peak.usage == Usage(340, 0.3)


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
