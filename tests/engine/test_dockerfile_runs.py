"""What can be done of a Dockerfile's RUN lines without an engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.engine.dockerfile_reader import parse_dockerfile
from pennsieve_agent.engine.dockerfile_runs import PipInstall, Preparation, without_engine
from pennsieve_agent.engine.dockerfile_text import makes_executable
from pennsieve_agent.errors import SourceError

FILES = (
    *("Dockerfile", "main.sh", "requirements.txt", "processor", "processor/main.py"),
    *("processor/requirements.txt", "bin", "bin/a.sh", "bin/b.sh", "bin/c.py", "pyproject.toml"),
    *("wheels", "wheels/x-1-py3-none-any.whl"),
)
BELOW = "processor/requirements.txt"


def of(*lines: str, files: tuple[str, ...] = FILES) -> Preparation:
    return without_engine(parse_dockerfile("\n".join(("FROM python:3.12", *lines))), files)


def installs(*lines: str) -> list[tuple[str, ...]]:
    return [install.arguments for install in of(*lines).installs]


def test_requirements_in_a_folder_that_the_dockerfile_names() -> None:
    found = of(
        "WORKDIR /service",
        "COPY processor/requirements.txt requirements.txt",
        "RUN pip install --no-cache-dir -r requirements.txt",
        "COPY processor/ .",
    )
    (install,) = found.installs
    assert install.files == (BELOW,)
    assert install.arguments[0] == "--requirement"
    assert found.notes == ()


def test_requirements_that_are_copied_alone_into_the_working_folder() -> None:
    """As most Dockerfiles do, so that what is installed is kept while the code changes."""
    found = of(
        "WORKDIR /app",
        "COPY requirements.txt .",
        "RUN pip install --no-cache-dir -r requirements.txt",
        "COPY . .",
    )
    plain = PipInstall(".", ("--requirement", "requirements.txt"), ("requirements.txt",))
    assert found.installs == (plain,)


@pytest.mark.parametrize(
    "run",
    [
        "RUN pip install -r /app/processor/requirements.txt",
        "RUN pip3 install -r/app/processor/requirements.txt",
        "RUN python3 -m pip install --requirement=/app/processor/requirements.txt --quiet",
        "RUN cd processor && pip install --upgrade pip && pip install -r requirements.txt",
        "RUN --mount=type=cache,target=/c uv pip install -r processor/requirements.txt > /x 2>&1",
        'RUN ["pip", "install", "-r", "processor/requirements.txt"]',
        "ENV WHERE=/app/processor\nRUN pip install -r ${WHERE}/requirements.txt",
        "RUN set -eux; pip install -t /deps -r processor/requirements.txt",
    ],
)
def test_the_many_ways_to_install_requirements(run: str) -> None:
    found = of("WORKDIR /app", "COPY . .", run)
    assert [install.files for install in found.installs] == [(BELOW,)]
    assert found.notes == ()


def test_a_stage_that_builds_may_install_them() -> None:
    found = of(
        "WORKDIR /b",
        "COPY processor/requirements.txt .",
        "RUN pip install --prefix /deps -r requirements.txt",
        "FROM python:3.12",
        "COPY --from=0 /deps /usr/local",
        "COPY processor /app",
    )
    assert [install.files for install in found.installs] == [(BELOW,)]
    assert found.notes == ("COPY --from=0 /deps /usr/local: not done without an engine",)


def test_packages_by_name_and_of_the_repository() -> None:
    head = ("WORKDIR /app", "COPY . .")
    assert installs(*head, "RUN pip install 'numpy>=2' pandas[all] wheel --pre") == [
        ("numpy>=2", "pandas[all]", "--pre")
    ]
    found = of(*head, "RUN pip install --no-deps -e .[extra] ./wheels/x-1-py3-none-any.whl")
    assert found.installs == (
        PipInstall(
            ".",
            ("--no-deps", ".[extra]", "./wheels/x-1-py3-none-any.whl"),
            packages=(".", "wheels/x-1-py3-none-any.whl"),
        ),
    )
    assert installs(*head, "RUN pip install -i https://x.org/simple --upgrade pip") == []


def test_a_plain_requirements_file_counts_only_where_no_pip_is_called() -> None:
    plain = PipInstall(".", ("--requirement", "requirements.txt"), ("requirements.txt",))
    assert of("COPY . /app").installs == (plain,)
    assert of("COPY . /app", "RUN pip install numpy").installs[0].arguments == ("numpy",)
    assert of("COPY . /app", files=("main.py",)).installs == ()


@pytest.mark.parametrize(
    ("lines", "executables"),
    [
        (("COPY main.sh /", "RUN chmod +x /main.sh"), ("main.sh",)),
        (("COPY main.sh /app/go", "RUN chmod 0755 /app/go"), ("main.sh",)),
        (("COPY . /app", "RUN chmod a+rx /app/bin/*.sh"), ("bin/a.sh", "bin/b.sh")),
        (("COPY . /app", "RUN chmod -R u+x /app/bin"), ("bin/a.sh", "bin/b.sh", "bin/c.py")),
        (("WORKDIR /app", "COPY . .", "RUN cd bin && chmod +x a.sh"), ("bin/a.sh",)),
        (("COPY --chmod=755 main.sh /",), ("main.sh",)),
        (("COPY --chmod=644 main.sh /",), ()),
    ],
)
def test_files_that_are_made_executable(
    lines: tuple[str, ...], executables: tuple[str, ...]
) -> None:
    found = of(*lines)
    assert tuple(sorted(found.executables)) == executables
    assert found.notes == ()


@pytest.mark.parametrize(
    "run",
    [
        "apt-get update && apt-get install -y dcm2niix",
        "pip install -r /elsewhere/requirements.txt",
        "chmod +x /usr/bin/tool",
        "echo 'an end without",
        'Rscript -e "install.packages(1)"',
        "mkdir -p /data",
    ],
)
def test_what_is_not_done_is_said(run: str) -> None:
    (note,) = of("COPY . /app", f"RUN {run}").notes
    assert note == f"RUN {run}: not done, or not all, without an engine"


def test_a_long_line_is_cut_and_a_here_document_is_not_read() -> None:
    (note,) = of("RUN apt-get install " + "a " * 200).notes
    assert len(note) < 160
    assert of("RUN <<EOF", "pip install numpy", "EOF", files=()).installs == ()
    assert len(of("RUN <<EOF", "x", "EOF", files=()).notes) == 1


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        *(("+x", True), ("a+rx", True), ("u=rwx,g=r", True), ("755", True), ("0500", True)),
        *(("644", False), ("-x", False), ("+r", False), ("999", False), ("", False)),
    ],
)
def test_modes(mode: str, *, expected: bool) -> None:
    assert makes_executable(mode) is expected


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    try:
        dockerfile = parse_dockerfile(f"FROM a\nRUN {text}\n")
    except SourceError:
        return
    without_engine(dockerfile, FILES)
