"""The parts of a Dockerfile that matter for running its image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.engine.dockerfile_reader import parse_dockerfile
from pennsieve_agent.errors import SourceError


def test_an_ordinary_file() -> None:
    found = parse_dockerfile(
        """# syntax=docker/dockerfile:1
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir \\
    # a comment does not end the line
    -r requirements.txt
COPY main.py /app/
ENTRYPOINT ["python", "/app/main.py"]
CMD ["--verbose"]
"""
    )
    assert found.base == "python:3.12-slim"
    assert found.workdir == "/app"
    assert found.argv() == ("python", "/app/main.py", "--verbose")
    assert found.local_path("/app/main.py") == "main.py"
    assert found.local_path("requirements.txt") == "requirements.txt"
    assert found.local_path("/usr/bin/python") is None
    assert found.local_path("python") is None


@pytest.mark.parametrize(
    ("copy", "path", "expected"),
    [
        ("COPY . /app", "/app/main.py", "main.py"),
        ("COPY . /app", "/app", "."),
        ("COPY . /app", "/application/main.py", None),
        ("COPY . .", "src/main.py", "src/main.py"),
        ("COPY . .", "/work/../work/main.py", "main.py"),
        ("COPY src /app", "/app/main.py", "src/main.py"),
        ("COPY src/ /app/", "/app/lib/a.py", "src/lib/a.py"),
        ("COPY src/main.py /app/", "/app/main.py", "src/main.py"),
        ("COPY main.py /app/run.py", "/app/run.py", "main.py"),
        ("COPY a.py b.py /app/", "/app/b.py", "b.py"),
        ("COPY *.py /app/", "/app/b.py", "b.py"),
        ("COPY *.py /app/", "/app/b.R", None),
        ("COPY --chown=1:1 --link . /app", "/app/x", "x"),
        ('COPY ["my file.py", "/app/"]', "/app/my file.py", "my file.py"),
        ("COPY my\\ file.py /app/", "/app/my file.py", "my file.py"),
        ("ADD ../../etc/passwd /app/", "/app/passwd", "etc/passwd"),
        ("ADD https://example.org/main.py /app/", "/app/main.py", None),
        ("COPY --from=build /out /app", "/app/main.py", None),
        ("ENV D=/opt/x\nCOPY . ${D}/y", "/opt/x/y/main.py", "main.py"),
        ("ARG D=/opt\nCOPY . $D", "/opt/main.py", "main.py"),
        ("COPY . /\nCOPY b /app", "/app/x.py", "b/x.py"),
    ],
)
def test_where_a_path_comes_from(copy: str, path: str, expected: str | None) -> None:
    assert parse_dockerfile(f"FROM a\nWORKDIR /work\n{copy}\n").local_path(path) == expected


def test_only_the_files_can_tell_a_folder_from_a_file() -> None:
    found = parse_dockerfile("FROM a\nCOPY . /app/\nCOPY src /app/\n")
    assert found.local_path("/app/src", {"src/src"}.__contains__) == "src/src"
    assert found.local_path("/app/src", {"src"}.__contains__) == "src"
    assert found.local_path("/app/main.py", {"main.py"}.__contains__) == "main.py"
    assert found.local_path("/app/main.py", {"other.py"}.__contains__) is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("CMD python main.py", ("/bin/sh", "-c", "python main.py")),
        ("entrypoint python main.py  ", ("/bin/sh", "-c", "python main.py")),
        ('SHELL ["/bin/bash", "-ec"]\nCMD ls', ("/bin/bash", "-ec", "ls")),
        ('CMD ["ls", "-l"]', ("ls", "-l")),
        ('CMD ["$HOME"]', ("$HOME",)),
        ('CMD ["ls", ]', ("/bin/sh", "-c", '["ls", ]')),
        ('CMD ["ls", 1]', ("/bin/sh", "-c", '["ls", 1]')),
        ('CMD ["a"]\nCMD ["b"]', ("b",)),
        ('CMD ["a"]\nENTRYPOINT ["b"]', ("b", "a")),
        ('CMD [ \\\n  "ls", \\\n\n  "-l" \\\n]', ("ls", "-l")),
        ('RUN <<EOF\nCMD ["no"]\nEOF\nCMD ["yes"]', ("yes",)),
        ('COPY <<-"EOF" /x\n\tCMD ["no"]\n\tEOF\nCMD ["yes"]', ("yes",)),
        ('RUN echo $((1<<2))\nCMD ["yes"]', ("yes",)),
        ('HEALTHCHECK CMD ["no"]\nCMD ["yes"]\nONBUILD CMD ["no"]', ("yes",)),
        ("CMD\tls", ("/bin/sh", "-c", "ls")),
    ],
)
def test_commands(lines: str, expected: tuple[str, ...]) -> None:
    assert parse_dockerfile(f"FROM a\n{lines}\n").argv() == expected


def test_only_the_last_stage_counts() -> None:
    found = parse_dockerfile(
        'FROM golang AS build\nENV A=1\nCOPY . /src\nCMD ["build"]\n'
        'FROM alpine\nCOPY --from=build /src/x /x\nCMD ["/x"]\n'
    )
    assert (found.base, found.argv(), dict(found.env), found.copies) == ("alpine", ("/x",), {}, ())


def test_a_stage_inherits_from_the_one_it_starts_from() -> None:
    found = parse_dockerfile(
        'FROM python AS Base\nWORKDIR /app\nENV A=1\nCOPY . .\nCMD ["a"]\n'
        'FROM base\nWORKDIR sub\nENTRYPOINT ["b"]\n'
    )
    assert found.base == "python"
    assert found.workdir == "/app/sub"
    assert found.env == {"A": "1"}
    assert found.argv() == ("b",), "an entrypoint forgets the command it inherits"
    assert found.local_path("/app/main.py") == "main.py"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("ENV A=1 B='x $A y' C=\"q $A\"", {"A": "1", "B": "x $A y", "C": "q "}),
        ("ENV A=1\nENV B=${A}2 C=$A", {"A": "1", "B": "12", "C": "1"}),
        ("ENV A the rest of it", {"A": "the rest of it"}),
        ("ENV A=${NO:-word} B=${NO:+word}", {"A": "word", "B": ""}),
        ("ENV X=1\nENV A=${NO:-$X} B=${X:+yes}", {"X": "1", "A": "1", "B": "yes"}),
        ("ENV A=\\$B C=a\\ b", {"A": "$B", "C": "a b"}),
        ('ENV A="a\\"b\\c"', {"A": 'a"b\\c'}),
        ("ENV PATH=/opt/bin:$PATH", {"PATH": "/opt/bin:/bin"}),
        ("ARG V=1\nENV A=$V", {"A": "1"}),
        ("ARG TAG\nENV A=$TAG", {"A": "3.12"}),
        ("ENV A=$TAG", {"A": ""}),
    ],
)
def test_environment(lines: str, expected: dict[str, str]) -> None:
    found = parse_dockerfile(f"ARG TAG=3.12\nFROM python:$TAG\n{lines}\n", {"PATH": "/bin"})
    assert found.env == expected
    assert found.base == "python:3.12"


def test_another_escape_character() -> None:
    found = parse_dockerfile('# escape=`\nFROM a\nWORKDIR C:\\x\nCMD `\n  ["ls"]\n')
    assert found.argv() == ("ls",)
    assert found.workdir == "/C:\\x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no FROM line"),
        ("# nothing\n", "no FROM line"),
        ("RUN ls\nFROM a\n", "line 1 .* before FROM"),
        ("FROM a\nCOPY x\n", "line 2 .* a source and a target"),
        ("FROM a\nENV =x\n", "line 2 .* without a name"),
        ("FROM a\nRUN <<EOF\nls\n", "line 2 .* without an end"),
        ("FROM\n", "line 1 .* no image"),
        ("FROM a\nSHELL bash\n", "line 2 .* a list"),
    ],
)
def test_what_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_dockerfile(text)


@pytest.mark.parametrize(
    "lines",
    [
        "RUN cat <<'EOF' > /x\nCMD no\nEOF",
        'RUN cat <<"EOF" > /x\nCMD no\nEOF',
        "RUN cat <<'END OF' > /x\nCMD no\nEND OF",
        "RUN cat <<E'O'F > /x\nCMD no\nEOF",
        "RUN cat <<END-OF.FILE > /x\nCMD no\nEND-OF.FILE",
        "RUN <<EOF 3<<OTHER bash -e\nCMD no\nEOF\nCMD no\nOTHER",
        "RUN --mount=type=cache,target=/c <<EOF\nCMD no\nEOF",
        "RUN <<-EOF\n\tCMD no\n\tEOF",
        "RUN a \\\n # so\n <<EOF\nCMD no\nEOF",
        "RUN <<EOF\r\nCMD no\r\nEOF\r",
        "COPY <<robots.txt <<b.txt /d/\nCMD no\nrobots.txt\nCMD no\nb.txt",
        'COPY --chmod=755 <<"run.sh" /d/\nCMD no\nrun.sh',
        "ONBUILD RUN <<EOF\nFROM no\nCMD no\nEOF",
        "ONBUILD COPY . /app\nONBUILD CMD no",
        'RUN echo "see <<EOF here"',
        "RUN echo 'see <<EOF'",
        'RUN ["sh", "-c", "cat <<EOF"]',
        'RUN --network=none ["sh", "-c", "cat <<EOF"]',
        "RUN cat <<<word",
        "RUN echo $((1 << 2))",
        "HEALTHCHECK --interval=5s CMD no",
        "MAINTAINER me",
        "STOPSIGNAL 9\nEXPOSE 80\nVOLUME /d\nUSER a:b\nLABEL a='b c'",
        "# caf\ufffd \u2028 CMD no \x0b \x0c \x85 CMD no",
    ],
)
def test_what_docker_takes_is_read_and_nothing_else_of_it(lines: str) -> None:
    found = parse_dockerfile(f'FROM base\n{lines}\nCMD ["yes"]\n')
    assert (found.base, found.argv()) == ("base", ("yes",))


def test_flags_of_from() -> None:
    text = "FROM --platform=$BUILDPLATFORM base AS one\nWORKDIR /q\nFROM --platform=linux/amd64 one"
    found = parse_dockerfile(text)
    assert (found.base, found.workdir) == ("base", "/q")


def test_a_stage_does_what_the_one_it_starts_from_put_off() -> None:
    text = "FROM base AS one\nONBUILD COPY src /app\nONBUILD CMD later\nCMD now\n"
    assert parse_dockerfile(text).argv() == ("/bin/sh", "-c", "now")
    found = parse_dockerfile(f"{text}FROM one\n")
    assert (found.argv()[-1], found.local_path("/app/main.py")) == ("later", "src/main.py")


@pytest.mark.parametrize("what", ["", "FROM x", "ONBUILD RUN x"])
def test_what_cannot_be_put_off(what: str) -> None:
    with pytest.raises(SourceError, match="line 2 of the Dockerfile: ONBUILD needs another"):
        parse_dockerfile(f"FROM base\nONBUILD {what}\n")


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("${V%.*}", "1.2"),
        ("${V%%.*}", "1"),
        ("${V#*.}", "2.3"),
        ("${V##*.}", "3"),
        ("${V/./-}", "1-2.3"),
        ("${V//./-}", "1-2-3"),
        ("${V/2*/x}", "1.x"),
        ('"${V:?must be set}"', "1.2.3"),
        ("${V-x}${N-x}${E-x}", "1.2.3x"),
        ("${V+x}${N+x}${E+x}", "xx"),
        ("${N:-${M:-deep}}", "deep"),
        ('"${N:-a}"b', "ab"),
        ("${V", "${V"),
        ("$", "$"),
        ("\\$V", "$V"),
    ],
)
def test_variables_as_the_reference_has_them(word: str, value: str) -> None:
    found = parse_dockerfile(f"FROM base\nARG V=1.2.3\nARG E=\nENV RESULT={word}\n")
    assert found.env["RESULT"] == value


def test_no_command_says_what_to_write() -> None:
    with pytest.raises(SourceError, match="what to run") as caught:
        parse_dockerfile('FROM a\nCMD ["a"]\nCMD []\n').argv()
    assert "ENTRYPOINT" in (caught.value.hint or "")


NAMES = ["FROM", "COPY", "ADD", "ENV", "ARG", "CMD", "WORKDIR", "AS", "RUN <<EOF", "EOF", "A"]
SIGNS = [
    "[",
    '"x"',
    "]",
    "${A:-",
    "}",
    "$A",
    "\\",
    "--from=b",
    "'",
    '"',
    "=",
    "/app/",
    ".",
    "*",
    "\n",
]
PIECES = st.sampled_from([*NAMES, *SIGNS])


@given(st.lists(PIECES, max_size=30).map(" ".join) | st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        found = parse_dockerfile(f"FROM a\n{text}")
    except SourceError:
        return
    assert found.workdir.startswith("/")
    path = found.local_path("/app/x.py")
    assert path is None or not path.startswith(("/", ".."))
