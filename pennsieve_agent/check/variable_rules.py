"""Rules on manifest and code together: what is declared and not read, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pennsieve_agent.check.code import Code
from pennsieve_agent.check.dockerfile_rules import is_plain
from pennsieve_agent.check.python_variables import python_variables
from pennsieve_agent.check.rules import finding
from pennsieve_agent.check.script_variables import r_variables, shell_variables
from pennsieve_agent.check.secrets import may_be_secret_name
from pennsieve_agent.check.sources import MOST_BYTES, Language, Source, text_of
from pennsieve_agent.check.variables import Read, Variables, together
from pennsieve_agent.domain.code_findings import Finding
from pennsieve_agent.engine.dockerfile import Dockerfile
from pennsieve_agent.engine.run_parameters import is_reserved

_OF_NODE = {
    *(
        "PENNSIEVE_API_KEY",
        "PENNSIEVE_API_SECRET",
        "LLM_GOVERNOR_FUNCTION_NAME",
        "LLM_GOVERNOR_URL",
    ),
    *("ANTHROPIC_BASE_URL", "SESSION_TYPE"),
}
"""What else a node gives a step (``contracts/workflows.md`` 5.2)."""
_OF_SYSTEM = re.compile(
    r"PATH|HOME|PWD|OLDPWD|USER|LOGNAME|SHELL|LANG|LANGUAGE|TERM|TMPDIR|TMP|TEMP|TZ|HOSTNAME|UID|GID|"
    r"EUID|PPID|IFS|RANDOM|SECONDS|LINENO|FUNCNAME|PIPESTATUS|OPTARG|OPTIND|REPLY|COLUMNS|LINES|CI|"
    r"DISPLAY|EDITOR|PAGER|VIRTUAL_ENV|JAVA_HOME|(?:HTTPS?|NO|ALL|FTP)_PROXY|"
    r"(?:LC|LD|XDG|BASH|PYTHON|CONDA|PIP|R|OMP|MKL|OPENBLAS|NUMEXPR|VECLIB|CUDA|NVIDIA|AWS|ECS|GITHUB|"
    r"DOCKER|KUBERNETES|SSL|SLURM|PYTEST|COVERAGE|GIT|MPL|NUMBA|TF|TORCH|HF|XLA)_?.*"
)
_OF_BASE = re.compile(r".*(?:HOME|DIR|PATH|ROOT|BIN|LIB)")
"""Variables of this kind that an image of tools sets for its scripts."""
_NO_TEXT = re.compile(
    r"(?:.*/)?(?:README|CHANGELOG|CHANGES|LICEN[CS]E|NEWS)(?:\..*)?|.*\.(?:md|rst|txt)"
)


def variable_findings(code: Code) -> Iterator[Finding]:
    """Where manifest and code do not agree."""
    if not code.program:
        return
    used = _variables(code)
    yield from _undeclared(code, used)
    is_known = Language.OTHER not in code.languages
    if is_known and not used.is_open and _is_own_program(code):
        yield from _unread(code, used)


def _is_own_program(code: Code) -> bool:
    """Whether the container starts code of the repository, not a program of its base image."""
    return bool(code.entry.files) or bool(code.entry.script)


def _variables(code: Code) -> Variables:
    python = [source for source in code.program if source.language is Language.PYTHON]
    others = [source for source in code.program if source.language is not Language.PYTHON]
    return together([*python_variables(python), *map(_of_script, others)])


def _of_script(source: Source) -> Variables:
    match source.language:
        case Language.SHELL:
            return shell_variables(source)
        case Language.R:
            return r_variables(source)
        case _:
            return Variables(is_open=True)


def undeclared(code: Code) -> dict[str, list[Read]]:
    """The variables that nothing declares, sets or gives, each with the places that read it."""
    return _undeclared_reads(code, _variables(code))


def _undeclared_reads(code: Code, used: Variables) -> dict[str, list[Read]]:
    known = {parameter.name for parameter in code.manifest.parameters} | used.sets
    if isinstance(code.dockerfile, Dockerfile):
        known |= set(code.dockerfile.env)
    reads: dict[str, list[Read]] = {}
    for read in used.reads:
        name = read.name
        if name.isidentifier() and name not in known and not _comes_from_elsewhere(name):
            reads.setdefault(name, []).append(read)
    return reads


def _undeclared(code: Code, used: Variables) -> Iterator[Finding]:
    is_base_known = not isinstance(code.dockerfile, Dockerfile) or is_plain(code.dockerfile)
    for name, places in _undeclared_reads(code, used).items():
        needed = [read for read in places if read.is_needed]
        if not is_base_known and (needed or _OF_BASE.fullmatch(name)):
            continue  # the base image may set it
        read = (needed or places)[0]
        what = "key" if may_be_secret_name(name) else "variable"
        rule = "variable-unset" if needed else "variable-undeclared"
        mend = f"set it for a node: pennsieve secret set {name}" if what == "key" else ""
        text = f"reads the {what} {name}, which {_nobody(code)}"
        yield finding(rule, read.file, read.line, text, mend)


def _comes_from_elsewhere(name: str) -> bool:
    """Whether a node or the system gives a variable of this name."""
    return is_reserved(name) or name in _OF_NODE or _OF_SYSTEM.fullmatch(name) is not None


def _nobody(code: Code) -> str:
    return f"{code.manifest.file} does not declare" if code.manifest.file else "nothing declares"


def _unread(code: Code, used: Variables) -> Iterator[Finding]:
    manifest = code.manifest
    read = {read.name for read in used.reads}
    if manifest.command is not None:
        read.update(manifest.command.names)
    for parameter in manifest.parameters:
        name = parameter.name
        if name in read or is_reserved(name) or _is_named(code, name):
            continue
        text = f"nothing in the code reads the parameter {name}"
        yield finding("parameter-unread", manifest.file, manifest.lines.get(name, 0), text)


def _is_named(code: Code, name: str) -> bool:
    """Whether any file of the image spells the name out, such as a template."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    for path in (*code.image_paths(), "Dockerfile"):
        if path in code.manifests or _NO_TEXT.fullmatch(path):
            continue
        content = code.files.read(path, MOST_BYTES)
        text = None if content is None else text_of(content)
        if text and word.search(text):
            return True
    return False
