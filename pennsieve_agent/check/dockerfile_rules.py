"""Rules on the Dockerfile: what would end the build, or the container when it starts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pennsieve_agent.check.code import DOCKERFILE, Code
from pennsieve_agent.check.rules import finding
from pennsieve_agent.check.sources import MOST_BYTES
from pennsieve_agent.domain.code_findings import Finding
from pennsieve_agent.engine.dockerfile import Base, Copy, Dockerfile
from pennsieve_agent.engine.dockerfile_text import makes_executable
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.snapshot import EXECUTABLE

ARCHITECTURE = "linux/amd64"
_PLAIN = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?:alpine|amazonlinux|busybox|debian|fedora|julia|mambaorg/"
    r"micromamba|condaforge/\w+|continuumio/\w+|node|python|r-base|rocker/r-ver|ubuntu|scratch|"
    r"perl|ruby|openjdk|eclipse-temurin|gcc|golang|rust)(?::.*|@.*)?"
)
"""Images that start a shell or an interpreter, or nothing: no analysis. From Docker's official
images and the common ones for Python and R, each by its own page on Docker Hub."""
_OTHER_PROCESSOR = re.compile(
    r"(?:^|[/:_-])(?:arm64v8|arm32v[567]|arm64|aarch64|armhf)(?:$|[/:_@-])"
)
_OTHER_NAME = re.compile(
    r"dockerfile(?:[._-][^/]*)?|[^/]+\.dockerfile|containerfile", re.IGNORECASE
)
_ROOT = {"", "root", "0"}


def dockerfile_findings(code: Code) -> Iterator[Finding]:
    """What breaks a rule in the Dockerfile, or that there is none."""
    file = code.dockerfile
    if file is None:
        yield from _missing(code)
        return
    if isinstance(file, SourceError):
        yield _unreadable(file)
        return
    for base in file.bases:
        yield from _base(base)
    for copy in file.all_copies:
        yield from _copy(code, copy)
    yield from _command(code, file)
    if file.user.partition(":")[0] in _ROOT and is_plain(file):
        line = max(1, file.command_line or file.bases[-1].line)
        yield finding("dockerfile-root", DOCKERFILE, line, "the program runs as root")


def is_plain(file: Dockerfile) -> bool:
    """Whether the image is made from one that is known: its user, variables and command, too."""
    return bool(_PLAIN.fullmatch(file.base))


def _missing(code: Code) -> Iterator[Finding]:
    names = [
        path for path in code.files.entries if path != DOCKERFILE and _OTHER_NAME.fullmatch(path)
    ]
    below = sorted(
        (p for p in code.files.entries if p.endswith(f"/{DOCKERFILE}")), key=lambda p: p.count("/")
    )
    if names:
        text = f"the repository has {names[0]} but no {DOCKERFILE}"
        mend = f"rename it: git mv {names[0]} {DOCKERFILE}; then commit"
        yield finding("dockerfile-missing", names[0], 0, text, mend)
    elif below:
        text = f"the repository has no {DOCKERFILE} at its top; there is {below[0]}"
        mend = f"move it to the top, and correct its COPY lines: git mv {below[0]} {DOCKERFILE}"
        yield finding("dockerfile-missing", below[0], 0, text, mend)
    else:
        yield finding("dockerfile-missing", "", 0, f"the repository has no {DOCKERFILE}")


def _unreadable(error: SourceError) -> Finding:
    line = re.match(r"line (\d+) of the Dockerfile: (.*)", error.message, re.DOTALL)
    if line:
        return finding("dockerfile-unreadable", DOCKERFILE, int(line[1]), line[2])
    return finding("dockerfile-unreadable", DOCKERFILE, 0, error.message, error.hint or "")


def _base(base: Base) -> Iterator[Finding]:
    if not base.image:
        yield finding(
            "dockerfile-base-unset", DOCKERFILE, base.line, "FROM has a variable without a value"
        )
        return
    if base.stage is not None or base.image == "scratch":
        return
    name, at, _ = base.image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if not at and tag in {"", "latest"}:
        what = "means latest, which changes over time" if not tag else "changes"
        text = f"the base image {base.image} {what}"
        yield finding("dockerfile-base-unpinned", DOCKERFILE, base.line, text)
    other = base.platform and "$" not in base.platform and not _is_ours(base.platform)
    if other or _OTHER_PROCESSOR.search(base.image):
        what = f"--platform={base.platform}" if other else base.image
        text = f"{what} is not for {ARCHITECTURE}"
        yield finding("dockerfile-architecture", DOCKERFILE, base.line, text)


def _is_ours(platform: str) -> bool:
    return platform in {ARCHITECTURE, "amd64", "linux/x86_64", "x86_64", "linux"}


def _copy(code: Code, copy: Copy) -> Iterator[Finding]:
    """A source that is not there. A pattern may find nothing: BuildKit then copies nothing."""
    source = copy.source
    if not copy.is_known or source == "." or any(char in source for char in "*?["):
        return
    there = code.files.is_file(source) or code.files.is_folder(code.files.resolve(source))
    if there and not code.ignored.covers(source):
        return
    if there:
        text = f"COPY {source}: .dockerignore keeps it from the build"
        mend = f"add an exception to .dockerignore: !{source}"
        yield finding("dockerfile-copy-missing", DOCKERFILE, copy.line, text, mend)
        return
    text = f"COPY {source}: the repository has no such file or folder"
    yield finding("dockerfile-copy-missing", DOCKERFILE, copy.line, text)


def _command(code: Code, file: Dockerfile) -> Iterator[Finding]:
    line = max(1, file.command_line)
    if not (*file.entrypoint, *file.cmd):
        if is_plain(file):
            text = f"the Dockerfile has no ENTRYPOINT or CMD, and {file.base} runs no analysis"
            yield finding("dockerfile-no-command", DOCKERFILE, file.bases[-1].line, text)
        return
    for missing in code.entry.missing:
        text = f"the command runs {missing.path}, and the repository has no {missing.expected}"
        yield finding("entry-missing", DOCKERFILE, line, text)
    program = code.entry.program
    if program:
        yield from _program(code, file, program)


def _program(code: Code, file: Dockerfile, program: str) -> Iterator[Finding]:
    """Rules on a file that is started by its own name, not by an interpreter."""
    path = code.files.resolve(program)
    if not _becomes_executable(file, program) and code.files.entries[path].mode != EXECUTABLE:
        text = f"the command runs {program}, which is not marked as executable"
        mend = (
            f"git update-index --chmod=+x {program} and commit, or RUN chmod +x in the Dockerfile"
        )
        yield finding("entry-not-executable", program, 0, text, mend)
    content = code.files.read(program, MOST_BYTES) or b""
    first = content.partition(b"\n")[0]
    changed = any(re.search(r"dos2unix|\bsed\b|\btr\b", run.text) for run in file.runs)
    if first.startswith(b"#!") and first.endswith(b"\r") and not changed:
        yield finding("entry-line-ends", program, 1, f"{program} has Windows line ends")


def _becomes_executable(file: Dockerfile, program: str) -> bool:
    """Whether COPY or a RUN line does it; a chmod that is not understood counts, too."""
    name = posixpath.basename(program)
    if any(copy.is_executable for copy in file.all_copies):
        return True
    for run in file.runs:
        for call in re.findall(r"\b(?:chmod|install)\b([^;&|]*)", run.text):
            parts = call.split()
            modes = [part for part in parts if not part.startswith("-")]
            if not modes or makes_executable(modes[0]) or "$" in call or name in call:
                return True
    return bool(file.foreign)
