"""The Dockerfile's command in the checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pennsieve_agent.engine.dockerfile_command import Command, local_command
from pennsieve_agent.engine.dockerfile_reader import parse_dockerfile

HEAD = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . /app\n"
PYTHON = Path("/venv/bin/python")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    root = tmp_path / "a lab" / "code"
    for name in ("main.py", "run.sh", "src/job.py", "src/conf.yml", "lib/mod.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def command(code: Path, text: str, head: str = HEAD) -> Command:
    return local_command(parse_dockerfile(head + text), code, PYTHON)


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ('CMD ["python", "main.py"]', ["/venv/bin/python", "main.py"]),
        ('CMD ["python3.12", "/app/main.py"]', ["/venv/bin/python", "{code}/main.py"]),
        ('ENTRYPOINT ["/usr/local/bin/python3", "-m", "src.job"]\nCMD ["--fast"]',
         ["/venv/bin/python", "-m", "src.job", "--fast"]),
        ('CMD ["python", "main.py", "--conf=/app/src/conf.yml", "/mnt/x", "a=/app"]',
         ["/venv/bin/python", "main.py", "--conf={code}/src/conf.yml", "/mnt/x", "a=/app"]),
        ('ENTRYPOINT ["/app/run.sh"]', ["{code}/run.sh"]),
        ('ENTRYPOINT ["./run.sh"]', ["./run.sh"]),
        ("CMD python /app/main.py > log",
         ["/bin/sh", "-c", "python '{code}/main.py' > log"]),
        ('CMD ["bash", "-ec", "cd /app/src && python job.py https://x.org/app/main.py"]',
         ["bash", "-ec", "cd '{code}/src' && python job.py https://x.org/app/main.py"]),
        ('CMD ["Rscript", "a.R"]', ["Rscript", "a.R"]),
        ('CMD ["/opt/nowhere/tool", "src"]', ["/opt/nowhere/tool", "src"]),
        ('CMD ["/opt/nowhere/sh", "/app/run.sh"]', ["{sh}", "{code}/run.sh"]),
    ],
)  # fmt: skip
def test_the_command_is_translated(code: Path, text: str, argv: list[str]) -> None:
    found = command(code, text)
    sh = shutil.which("sh") or ""
    assert list(found.argv) == [part.format(code=code, sh=sh) for part in argv]
    assert found.cwd == code


def test_a_file_that_was_copied_elsewhere(code: Path) -> None:
    head = "FROM x\nWORKDIR /work\nCOPY src/job.py /work/main.py\n"
    found = command(code, 'CMD ["python", "main.py", "src"]', head)
    # The checkout's own main.py is another file, but "main.py" in its folder means that one.
    assert found.cwd == code
    assert found.argv[1:] == (str(code / "src" / "job.py"), "src")


def test_the_working_folder_is_the_images(code: Path) -> None:
    assert command(code, "WORKDIR src\nCMD ['x']").cwd == code / "src"
    assert command(code, 'WORKDIR /data\nCMD ["x"]').cwd == code


def test_variables_that_name_places(code: Path) -> None:
    found = command(
        code, "ENV PYTHONPATH=/app/lib:/opt/x MODE=fast PATH=/app/bin:$PATH HOME=/root\nCMD x"
    )
    assert found.env == {"PYTHONPATH": f"{code}/lib:/opt/x", "MODE": "fast"}
