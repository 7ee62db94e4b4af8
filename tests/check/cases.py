"""For each rule repositories that break it, and some that must not: at least two of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.check.snapshots import DOCKERFILE, MANIFEST, Repo, program

READ = "import os\nfrom pathlib import Path\n"
IN = READ + 'source = Path(os.environ["INPUT_DIR"])\n'
OUT = READ + 'out = Path(os.environ["OUTPUT_DIR"])\n'
SHELL = DOCKERFILE.replace('"python", "/app/main.py"', '"sh", "/app/run.sh"')
R = DOCKERFILE.replace("python:3.12-slim", "rocker/r-ver:4.4.1").replace(
    '"python", "/app/main.py"', '"Rscript", "/app/main.R"'
)
OWN = DOCKERFILE.replace('"python", "/app/main.py"', '"/app/run.sh"')
SCRIPT = "#!/bin/sh\necho hello\n"
POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
MODULES = '[submodule "lib"]\n\tpath = lib\n\turl = https://github.com/lab/lib\n'
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7bq9qk3lV5q1ZxkzYyYh5i0vQ0w8\n" * 2
AWS_KEY = "AKIA" + "2E3F4G5H6I7J2K3L"
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2


def _of(repo: Repo, **changes: object) -> Repo:
    return replace(repo, **changes)  # type: ignore[arg-type]


def _docker(text: str, **files: str) -> Repo:
    return program(Dockerfile=text, **{"main__py": "", **files})


def _manifest(text: str, **files: str) -> Repo:
    return program(app__yml=MANIFEST + text, **{"main__py": "", **files})


def _parameter(name: str, **files: str) -> Repo:
    return _manifest(f"parameters:\n  - {{name: {name}, type: string, default: a}}\n", **files)


def _without(name: str, **files: str) -> Repo:
    repo = program(**{"main__py": "", **files})
    return Repo({path: text for path, text in repo.files.items() if path != name})


PLAIN = program(main__py="")


@dataclass(frozen=True)
class Cases:
    """Repositories that break a rule, with the place where they do, and some that do not."""

    broken: Sequence[tuple[Repo, str]]
    kept: Sequence[Repo]


_REPOSITORY = {
    "git-none": Cases(
        [(_of(PLAIN, is_git=False), ""), (_of(PLAIN, is_git=False, has_tag=False), "")],
        [PLAIN, _of(PLAIN, has_tag=False)],
    ),
    "git-part": Cases(
        [(_of(PLAIN, top="/work"), ""), (_of(PLAIN, top="/work", has_tag=False), "")],
        [PLAIN, _of(PLAIN, is_git=False)],
    ),
    "git-no-tag": Cases(
        [(_of(PLAIN, has_tag=False), ""), (_of(program(), has_tag=False), "")],
        [PLAIN, _of(PLAIN, is_git=False, has_tag=False)],
    ),
    "git-lfs": Cases(
        [
            (program(**{"model.pt": POINTER}), "model.pt"),
            (program(**{"a/b.nii": POINTER, "c.nii": POINTER}), "a/b.nii"),
        ],
        [program(**{"model.pt": "weights"}), program(**{"lfs.md": f"# LFS\n{POINTER}"})],
    ),
    "git-submodule": Cases(
        [
            (_of(program(**{".gitmodules": MODULES}), submodules=["lib"]), ".gitmodules, line 2"),
            (
                _of(
                    program(**{".gitmodules": MODULES.replace("path = lib", "path = a/lib")}),
                    submodules=["a/lib"],
                ),
                ".gitmodules, line 2",
            ),
        ],
        [PLAIN, program(**{".gitmodules": MODULES})],
    ),
    "git-submodule-unknown": Cases(
        [
            (_of(PLAIN, submodules=["lib"]), "lib"),
            (_of(program(**{".gitmodules": MODULES}), submodules=["other"]), "other"),
        ],
        [
            _of(program(**{".gitmodules": MODULES}), submodules=["lib"]),
            _of(PLAIN, submodules=["lib"], is_git=False),
        ],
    ),
    "link-outside": Cases(
        [
            (_of(PLAIN, links={"data": "/etc/passwd"}), "data"),
            (_of(PLAIN, links={"a/data": "../../x"}), "a/data"),
            (_of(PLAIN, links={"a": "b", "b": "../x"}), "a"),
            (_of(PLAIN, links={"a": "b", "b": "a"}), "a"),
        ],
        [
            _of(PLAIN, links={"a/main.py": "../main.py"}),
            _of(PLAIN, links={"a": "b", "b": "nothing"}),
        ],
    ),
    "large-file": Cases(
        [
            (_of(PLAIN, sizes={"scan.nii": 60 << 20}), "scan.nii"),
            (_of(PLAIN, sizes={"a/b.bin": (50 << 20) + 1}), "a/b.bin"),
        ],
        [_of(PLAIN, sizes={"scan.nii": 50 << 20}), PLAIN],
    ),
    "licence-missing": Cases(
        [(_without("LICENSE"), ""), (_without("LICENSE", **{"a/LICENSE": "MIT"}), "")],
        [
            _without("LICENSE", COPYING="GPL"),
            _without("LICENSE", **{"licence.txt": "MIT"}),
            _without("LICENSE", **{"LICENSES/MIT.txt": "MIT"}),
        ],
    ),
    "secret-in-file": Cases(
        [
            (program(**{"main.py": f'KEY = "{AWS_KEY}"\n'}), "main.py, line 1"),
            (program(**{"notes.md": f"\n\nuse {GITHUB}\n"}), "notes.md, line 3"),
            (program(**{"keys/id_rsa": KEY}), "keys/id_rsa, line 1"),
            (
                program(**{"get.sh": "git clone https://ada:q8w7e6r5t4@github.com/lab/x\n"}),
                "get.sh, line 1",
            ),
        ],
        [
            program(**{"main.py": 'KEY = "AKIAIOSFODNN7EXAMPLE"\n'}),
            program(**{"get.sh": "git clone https://ada:$TOKEN@github.com/lab/x\n"}),
            program(**{"README.md": "https://user:password@example.org begins with BEGIN KEY"}),
            program(
                **{"sign.py": 'if text.startswith("-----BEGIN PRIVATE KEY-----"):\n    pass\n'}
            ),
        ],
    ),
}
_DOCKERFILE = {
    "dockerfile-missing": Cases(
        [
            (_without("Dockerfile"), ""),
            (_without("Dockerfile", **{"docker/Dockerfile": DOCKERFILE}), "docker/Dockerfile"),
            (_without("Dockerfile", dockerfile=DOCKERFILE), "dockerfile"),
            (_without("Dockerfile", Dockerfile_fs7=DOCKERFILE), "Dockerfile_fs7"),
        ],
        [
            PLAIN,
            _of(
                _without("Dockerfile", **{"docker/Dockerfile": DOCKERFILE}),
                links={"Dockerfile": "docker/Dockerfile"},
            ),
        ],
    ),
    "dockerfile-unreadable": Cases(
        [
            (_docker("RUN ls\nFROM busybox:1\n"), "Dockerfile, line 1"),
            (_docker("FROM busybox:1\nCOPY only\n"), "Dockerfile, line 2"),
            (_docker("# nothing\n"), "Dockerfile"),
        ],
        [PLAIN, _docker(DOCKERFILE.replace("\n", "\r\n"))],
    ),
    "dockerfile-no-command": Cases(
        [
            (_docker("FROM python:3.12\nCOPY . /app\n"), "Dockerfile, line 1"),
            (_docker("ARG V=4.4.1\nFROM rocker/r-ver:$V\nUSER a\n"), "Dockerfile, line 2"),
        ],
        [
            PLAIN,
            _docker("FROM nipreps/mriqc:24.0.2\nCOPY . /app\n"),
            _docker('FROM debian:12 AS base\nCMD ["ls"]\nFROM base\nCOPY . /app\n'),
        ],
    ),
    "dockerfile-copy-missing": Cases(
        [
            (_docker(DOCKERFILE + "COPY src/ /src/\n"), "Dockerfile, line 5"),
            (_docker(DOCKERFILE.replace("COPY . ", "COPY ../data ")), "Dockerfile, line 2"),
            (
                _docker(DOCKERFILE + "ADD main.py /x\n", __dockerignore="*.py\n"),
                "Dockerfile, line 5",
            ),
            (
                _docker("FROM golang:1.22 AS build\nCOPY go.mod .\n" + DOCKERFILE),
                "Dockerfile, line 2",
            ),
        ],
        [
            _docker(DOCKERFILE + "COPY requirements*.txt /x/\n"),
            _docker("ARG SRC=main.py\n" + DOCKERFILE + "ARG SRC\nCOPY $SRC /y\nCOPY $W/a /z\n"),
            _docker(DOCKERFILE + "COPY --from=uv:1 /uv /bin/uv\nADD https://x.org/a.gz /a\n"),
            _docker(DOCKERFILE + "COPY main.py /x\n", __dockerignore="# all\n*\n!main.py\n"),
            _docker(DOCKERFILE + "COPY <<EOF /etc/x\nhello\nEOF\n"),
        ],
    ),
    "dockerfile-base-unset": Cases(
        [
            (_docker("ARG BASE\nFROM $BASE\n"), "Dockerfile, line 2"),
            (_docker("FROM ${IMAGE}\n"), "Dockerfile, line 1"),
        ],
        [_docker("ARG BASE=debian:12\nFROM $BASE\n"), _docker("FROM ${IMAGE:-debian:12}\n")],
    ),
    "dockerfile-base-unpinned": Cases(
        [
            (_docker(DOCKERFILE.replace(":3.12-slim", "")), "Dockerfile, line 1"),
            (_docker(DOCKERFILE.replace("3.12-slim", "latest")), "Dockerfile, line 1"),
            (
                _docker(DOCKERFILE.replace("python:3.12-slim", "host:50/lab/x")),
                "Dockerfile, line 1",
            ),
        ],
        [
            PLAIN,
            _docker(DOCKERFILE.replace(":3.12-slim", "@sha256:" + "a" * 64)),
            _docker("FROM debian:12 AS base\nFROM base\nFROM scratch\n"),
        ],
    ),
    "dockerfile-architecture": Cases(
        [
            (
                _docker(DOCKERFILE.replace("FROM ", "FROM --platform=linux/arm64 ")),
                "Dockerfile, line 1",
            ),
            (_docker(DOCKERFILE.replace("python", "arm64v8/python", 1)), "Dockerfile, line 1"),
            (_docker("ARG P=linux/arm/v7\nFROM --platform=$P debian:12\n"), "Dockerfile, line 2"),
        ],
        [
            _docker(DOCKERFILE.replace("FROM ", "FROM --platform=linux/amd64 ")),
            _docker(DOCKERFILE.replace("FROM ", "FROM --platform=$BUILDPLATFORM ")),
            _docker(DOCKERFILE.replace("python:3.12-slim", "lab/alarm:1")),
        ],
    ),
    "dockerfile-secret": Cases(
        [
            (_docker(DOCKERFILE + "ENV API_KEY=f3a9c1d2e8b7\n"), "Dockerfile, line 5"),
            (_docker(DOCKERFILE + "ARG GITHUB_TOKEN=f3a9c1d2e8b7\n"), "Dockerfile, line 5"),
            (
                _docker(DOCKERFILE + "ENV A=1 \\\n  DB_PASSWORD='correct-horse'\n"),
                "Dockerfile, line 5",
            ),
        ],
        [
            _docker(DOCKERFILE + "ARG GITHUB_TOKEN\nENV API_KEY=\n"),
            _docker(DOCKERFILE + "ENV API_KEY=your-key-here TOKENIZERS_PARALLELISM=f3a9c1d2\n"),
            _docker(DOCKERFILE + "ENV LICENSE_KEY=/opt/licence.txt API_TOKEN=$OTHER_TOKEN\n"),
        ],
    ),
    "dockerfile-root": Cases(
        [
            (_docker(DOCKERFILE.replace("USER 1000\n", "")), "Dockerfile, line 3"),
            (_docker(DOCKERFILE.replace("USER 1000", "USER root")), "Dockerfile, line 4"),
        ],
        [
            PLAIN,
            _docker(DOCKERFILE.replace("USER 1000\n", "").replace("python:3.12-slim", "lab/x:1")),
        ],
    ),
    "entry-missing": Cases(
        [
            (_without("main.py"), "Dockerfile, line 4"),
            (
                program(Dockerfile=SHELL.replace("/app/run.sh", "/app/bin/run.sh")),
                "Dockerfile, line 4",
            ),
            (_docker(DOCKERFILE.replace("/app/main.py", "/app/mian.py")), "Dockerfile, line 4"),
        ],
        [
            PLAIN,
            _docker(DOCKERFILE.replace("/app/main.py", "/opt/tool/main.py")),
            _docker(DOCKERFILE.replace("/app/main.py", "-m", 1)),
            _docker(
                DOCKERFILE.replace("/app/main.py", "/app/made.py").replace(
                    "USER", "RUN echo 1 > /app/made.py\nUSER"
                )
            ),
            _docker(
                DOCKERFILE.replace("COPY .", "COPY --from=b /x").replace(
                    "/app/main.py", "/app/z.py"
                )
            ),
        ],
    ),
    "entry-not-executable": Cases(
        [
            (program(Dockerfile=OWN, run__sh=SCRIPT), "run.sh"),
            (
                program(Dockerfile=OWN.replace("/app/run.sh", "./app/run.sh"), run__sh=SCRIPT),
                "run.sh",
            ),
        ],
        [
            _of(program(Dockerfile=OWN, run__sh=SCRIPT), executable=["run.sh"]),
            program(
                Dockerfile=OWN.replace("USER", "RUN chmod +x /app/run.sh\nUSER"), run__sh=SCRIPT
            ),
            program(Dockerfile=OWN.replace("COPY", "COPY --chmod=755"), run__sh=SCRIPT),
            program(Dockerfile=SHELL, run__sh=SCRIPT),
        ],
    ),
    "entry-line-ends": Cases(
        [
            (
                _of(
                    program(Dockerfile=OWN, run__sh=SCRIPT.replace("\n", "\r\n")),
                    executable=["run.sh"],
                ),
                "run.sh, line 1",
            ),
            (
                _of(
                    program(
                        Dockerfile=OWN.replace("run.sh", "main"),
                        main="#!/usr/bin/env python3\r\nprint(1)\r\n",
                    ),
                    executable=["main"],
                ),
                "main, line 1",
            ),
        ],
        [
            _of(program(Dockerfile=OWN, run__sh=SCRIPT), executable=["run.sh"]),
            program(main__py="import os\r\nprint(1)\r\n"),
            program(
                Dockerfile=OWN.replace("USER", "RUN dos2unix /app/run.sh\nUSER"),
                run__sh=SCRIPT.replace("\n", "\r\n"),
            ),
        ],
    ),
}
_MANIFEST = {
    "manifest-missing": Cases(
        [(_without("app.yml"), ""), (_without("app.yml", **{"docs/app.yml": MANIFEST}), "")],
        [PLAIN, _without("app.yml", **{"application.json": '{"name": "x"}'})],
    ),
    "manifest-name": Cases(
        [
            (_without("app.yml", **{"app.yaml": MANIFEST}), "app.yaml"),
            (_without("app.yml", **{"application.yml": MANIFEST}), "application.yml"),
        ],
        [program(**{"app.yaml": MANIFEST}), PLAIN],
    ),
    "manifest-unreadable": Cases(
        [
            (program(app__yml="name: [\n"), "app.yml, line 2"),
            (
                program(app__yml="a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"),
                "app.yml, line 2",
            ),
            (_of(PLAIN, files={**PLAIN.files, "app.yml": b"name: caf\xe9\n"}), "app.yml"),
            (program(app__yml=""), "app.yml"),
            (program(app__yml=MANIFEST + "#" * 300_000), "app.yml"),
            (program(app__yml="[" * 40 + "]" * 40), "app.yml, line 1"),
            (program(**{"application.json": "{"}), "application.json"),
        ],
        [PLAIN, program(app__yml=MANIFEST.replace("\n", "\r\n"))],
    ),
    "manifest-schema": Cases(
        [
            (_manifest("parametres: []\n"), "app.yml, line 3"),
            (_manifest("resources: {cpu: many}\n"), "app.yml, line 3"),
            (_manifest("parameters:\n  - {name: A, type: text}\n"), "app.yml, line 4"),
            (_manifest("resources: [1]\n"), "app.yml, line 3"),
        ],
        [
            _manifest("resources: {cpu: 1024, memory: 2048}\n"),
            program(app__yml='schemaVersion: "1.0"\napplication: {name: x}\n'),
        ],
    ),
    "manifest-disagrees": Cases(
        [
            (program(**{"application.json": '{\n "name": "other"\n}'}), "application.json, line 2"),
            (
                _manifest("resources: {cpu: 1024}\nruntime: {cpu: 2048}\n"),
                "app.yml, line 4",
            ),
            (
                program(app__yml='schemaVersion: "1.0"\nname: a\napplication: {name: b}\n'),
                "app.yml, line 3",
            ),
        ],
        [
            program(**{"application.json": '{"name": "x", "description": ""}'}),
            _manifest("resources: {cpu: 2048}\nruntime: {cpu: 2048, memory: 4096}\n"),
        ],
    ),
    "manifest-command": Cases(
        [
            (
                program(**{"application.json": '{\n "command": "{input} {nothing}"\n}'}),
                "application.json, line 2",
            ),
            (
                program(**{"application.json": '{\n "name": "x",\n "command": "\'"\n}'}),
                "application.json, line 3",
            ),
        ],
        [
            program(**{"application.json": '{"name": "x", "command": "{input} {output} --all"}'}),
            program(**{"application.json": '{"name": "x", "bids": "group"}'}),
        ],
    ),
    "manifest-resources": Cases(
        [
            (_manifest("resources: {cpu: 16384, memory: 200000}\n"), "app.yml, line 3"),
            (_manifest("resources: {cpu: 32768}\n"), "app.yml, line 3"),
        ],
        [
            _manifest("resources: {cpu: 16384, memory: 122880}\n"),
            _manifest("runtime: {computeTypes: [gpu], cpu: 32768, memory: 200000}\n"),
        ],
    ),
    "manifest-resources-rounded": Cases(
        [
            (_manifest("resources: {cpu: 256, memory: 4096}\n"), "app.yml, line 3"),
            (_manifest("resources:\n  cpu: 4096\n  memory: 2048\n"), "app.yml, line 5"),
        ],
        [
            _manifest("resources: {cpu: 256, memory: 512}\n"),
            _manifest("resources: {cpu: 16384, memory: 200000}\n"),
            PLAIN,
        ],
    ),
    "parameter-reserved": Cases(
        [
            (_parameter("INPUT_DIR"), "app.yml, line 4"),
            (_parameter("AWS_BATCH_X"), "app.yml, line 4"),
        ],
        [_parameter("INPUT"), _parameter("SCALE")],
    ),
    "parameter-unread": Cases(
        [
            (_parameter("SCALE", main__py=READ + "scale = 5\n"), "app.yml, line 4"),
            (_parameter("SCALE", Dockerfile=SHELL, run__sh='echo "$SCALES"\n'), "app.yml, line 4"),
            (
                _parameter("SCALE", Dockerfile=R, main__R='x <- Sys.getenv("STYLE") # SCALES\n'),
                "app.yml, line 4",
            ),
        ],
        [
            _parameter("SCALE", main__py=READ + 'scale = os.getenv("SCALE")\n'),
            _parameter("SCALE", main__py=READ + "settings = dict(os.environ)\n"),
            _parameter("SCALE", main__py=READ + 'import subprocess\nsubprocess.run(["fsl"])\n'),
            _parameter("SCALE", Dockerfile=SHELL, run__sh="neuroconv /data\n"),
            _parameter("SCALE", Dockerfile=R, main__R='system("fsl")\n'),
            _parameter("SCALE", Dockerfile=DOCKERFILE.replace('"python", "/app/main.py"', '"fsl"')),
            _parameter("SCALE", template__json='{"scale": "${SCALE}"}'),
        ],
    ),
    "variable-unset": Cases(
        [
            (program(main__py=READ + 'scale = os.environ["SCALE"]\n'), "main.py, line 3"),
            (program(Dockerfile=SHELL, run__sh='set -eu\necho "$SCALE"\n'), "run.sh, line 2"),
            (program(Dockerfile=SHELL, run__sh='echo "${SCALE:?needed}"\n'), "run.sh, line 1"),
        ],
        [
            _parameter("SCALE", main__py=READ + 'scale = os.environ["SCALE"]\n'),
            program(main__py=READ + 'if "SCALE" in os.environ:\n    x = os.environ["SCALE"]\n'),
            program(
                main__py=READ + 'try:\n    x = os.environ["A1"]\nexcept KeyError:\n    x = ""\n'
            ),
            program(main__py=READ + 'x = os.environ["INPUT_DIR"] + os.environ["HOME"]\n'),
            _docker(DOCKERFILE + "ENV SCALE=3\n", main__py=READ + 'x = os.environ["SCALE"]\n'),
            program(
                Dockerfile=SHELL, run__sh="set -u\nSCALE=1\nfor F1 in a; do echo $F1 $SCALE; done\n"
            ),
            program(main__py="", **{"other.py": READ + 'scale = os.environ["SCALE"]\n'}),
        ],
    ),
    "variable-undeclared": Cases(
        [
            (program(main__py=READ + 'scale = os.getenv("SCALE", "1")\n'), "main.py, line 3"),
            (program(Dockerfile=SHELL, run__sh='echo "${SCALE:-1}"\n'), "run.sh, line 1"),
            (
                program(Dockerfile=SHELL, run__sh='SCALE="${SCALE:-1}"\necho $SCALE\n'),
                "run.sh, line 1",
            ),
            (program(Dockerfile=R, main__R='x <- Sys.getenv("SCALE", "1")\n'), "main.R, line 1"),
            (
                _docker(
                    DOCKERFILE.replace('"python", "/app/main.py"', '"sh", "-c", "echo $SCALE"')
                ),
                "Dockerfile, line 4",
            ),
            (
                program(
                    main__py="from settings import number\nscale = number('SCALE')\n",
                    settings__py=READ
                    + "def number(name):\n    return float(os.getenv(name) or 1)\n",
                ),
                "main.py, line 2",
            ),
        ],
        [
            _parameter("SCALE", main__py=READ + 'scale = os.getenv("SCALE", "1")\n'),
            program(Dockerfile=SHELL, run__sh="awk '{print $NF}' # $SCALE\nSCALE=1; echo $SCALE\n"),
            program(Dockerfile=R, main__R='# Sys.getenv("SCALE")\nx <- Sys.getenv("INPUT_DIR")\n'),
            program(
                main__py=READ + 'os.environ["OMP_NUM_THREADS"] = os.getenv("SLURM_CPUS", "1")\n'
            ),
        ],
    ),
}
_FILES = {
    "input-written": Cases(
        [
            (program(main__py=IN + '(source / "x").write_text("1")\n'), "main.py, line 4"),
            (program(Dockerfile=SHELL, run__sh='rm "$INPUT_DIR/a"\n'), "run.sh, line 1"),
        ],
        [
            program(main__py=IN + '(source / "x").read_text()\n'),
            program(Dockerfile=SHELL, run__sh='cp "$INPUT_DIR/a" "$OUTPUT_DIR/"\n'),
        ],
    ),
    "input-top-only": Cases(
        [
            (program(main__py=IN + "files = list(source.iterdir())\n"), "main.py, line 4"),
            (
                program(main__py=IN + 'for f in source.glob("*.nii"):\n    print(f)\n'),
                "main.py, line 4",
            ),
            (
                program(main__py=READ + 'x = os.listdir(os.environ["INPUT_DIR"])\n'),
                "main.py, line 3",
            ),
            (
                program(Dockerfile=SHELL, run__sh='for f in "$INPUT_DIR"/*; do :; done\n'),
                "run.sh, line 1",
            ),
            (
                program(Dockerfile=R, main__R='d <- Sys.getenv("INPUT_DIR")\nf <- list.files(d)\n'),
                "main.R, line 2",
            ),
        ],
        [
            program(main__py=IN + 'files = list(source.rglob("*.nii"))\n'),
            program(main__py=IN + 'files = list(source.glob("**/*.nii"))\n'),
            program(main__py=IN + "for root, _, names in os.walk(source):\n    print(names)\n"),
            program(main__py=IN + "folders = [p for p in source.iterdir() if p.is_dir()]\n"),
            program(main__py=OUT + "files = list(out.iterdir())\n"),
            program(Dockerfile=SHELL, run__sh='find "$INPUT_DIR" -name "*.nii"\n'),
            program(
                Dockerfile=R,
                main__R='d <- Sys.getenv("INPUT_DIR")\nf <- list.files(d, recursive = TRUE)\n',
            ),
        ],
    ),
    "output-outside": Cases(
        [
            (program(main__py='open("/data/table.csv", "w").write("1")\n'), "main.py, line 1"),
            (program(main__py='frame.to_csv("table.csv")\n'), "main.py, line 1"),
            (
                program(
                    main__py=READ + 'TARGET = Path("/results")\n(TARGET / "a.txt").write_text("")\n'
                ),
                "main.py, line 4",
            ),
            (program(Dockerfile=SHELL, run__sh="wc -l < a > /data/count.txt\n"), "run.sh, line 1"),
            (program(Dockerfile=R, main__R='write.csv(d, "table.csv")\n'), "main.R, line 1"),
        ],
        [
            program(
                main__py=OUT + '(out / "table.csv").write_text("")\nframe.to_csv(out / "a.csv")\n'
            ),
            program(
                main__py='open("/tmp/table.csv", "w").write("1")\nopen("/data/x.csv").read()\n'
            ),
            program(
                main__py=READ + 'os.chdir(os.environ["OUTPUT_DIR"])\nframe.to_csv("table.csv")\n'
            ),
            program(
                main__py='text = "a".replace("x", "/data/b.csv")\nshutil.copy("/data/a", out)\n'
            ),
            program(
                main__py=READ + 'out = "/data"\nif os.getenv("OUTPUT_DIR"):\n'
                '    out = os.environ["OUTPUT_DIR"]\nopen(os.path.join(out, "a.csv"), "w")\n'
            ),
            program(Dockerfile=SHELL, run__sh='echo 1 > "$OUTPUT_DIR/x" 2> /dev/null\n'),
            program(Dockerfile=SHELL, run__sh="envsubst < a > /app/b.yml\ntool /app/b.yml\n"),
            program(Dockerfile=R, main__R='write.csv(d, file.path(out, "table.csv"))\n'),
        ],
    ),
    "own-run-read": Cases(
        [
            (program(main__py='u = f"{host}/compute/workflows/runs/{run}"\n'), "main.py, line 1"),
            (
                program(Dockerfile=SHELL, run__sh='curl "$H/workflows/instances/$X"\n'),
                "run.sh, line 1",
            ),
        ],
        [
            program(main__py='"""Of /compute/workflows/runs/1."""\n'),
            program(Dockerfile=SHELL, run__sh="# curl /workflows/instances/1\n"),
        ],
    ),
    "token-read": Cases(
        [
            (program(main__py=READ + 't = os.environ["SESSION_TOKEN"]\n'), "main.py, line 3"),
            (program(Dockerfile=SHELL, run__sh='curl -H "$PENNSIEVE_API_KEY"\n'), "run.sh, line 1"),
        ],
        [
            program(main__py="# SESSION_TOKEN\n"),
            program(main__py="", **{"tests/x.py": 'x = "SESSION_TOKEN"\n'}),
        ],
    ),
}
CASES = {**_REPOSITORY, **_DOCKERFILE, **_MANIFEST, **_FILES}
