"""What a secret of a compute node may be: it becomes an environment variable of containers."""

from __future__ import annotations

import re

LEAST_MASKED = 4
"""Characters of a value that is masked in logs; a shorter one would be found in words."""
_STARTS_PROGRAMS = frozenset(
    (
        # the shells: bash(1) "Shell Variables", sh of POSIX
        *("PATH", "ENV", "BASH_ENV", "BASHOPTS", "SHELLOPTS", "PROMPT_COMMAND", "PS4", "IFS"),
        *("CDPATH", "HOME", "SHELL", "TMPDIR", "ZDOTDIR"),
        # the C library, ld.so(8)
        *("GLIBC_TUNABLES", "GCONV_PATH", "LOCPATH", "NLSPATH", "RESOLV_HOST_CONF", "HOSTALIASES"),
        # languages
        *("PERL5LIB", "PERL5OPT", "PERL5DB", "PERLLIB", "RUBYLIB", "RUBYOPT", "NODE_OPTIONS"),
        *("NODE_PATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"),
        *("R_HOME", "R_PROFILE", "R_PROFILE_USER", "R_ENVIRON", "R_ENVIRON_USER", "R_LIBS"),
        *(
            "R_LIBS_USER",
            "JULIA_LOAD_PATH",
            "JULIA_DEPOT_PATH",
            "LUA_PATH",
            "LUA_CPATH",
            "LUA_INIT",
        ),
        *("MATLABPATH", "OCTAVE_PATH", "OPENSSL_CONF", "OPENSSL_MODULES"),
        # git(1) "Environment Variables"
        *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_EXEC_PATH", "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS"),
        *("GIT_PROXY_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_TEMPLATE_DIR"),
    )
)
_FAMILIES = ("LD_", "DYLD_", "PYTHON", "BASH_FUNC_", "GIT_CONFIG", "AWS_CONTAINER_")
"""How other such names begin: the loaders of Linux and macOS, Python, exported functions, git's
settings, and where a container gets the keys of its role."""
_PLAIN_CONTROL = {"\n", "\t"}
"""A key in PEM has lines."""
_NOT_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def starts_programs(name: str) -> bool:
    """Whether an environment variable changes how programs start, or where they find their code."""
    return name in _STARTS_PROGRAMS or name.startswith(_FAMILIES)


def fault_of_value(value: str) -> str:
    """Why a value is not a secret, in words that do not quote it; empty if it is one."""
    if not value:
        return "is empty"
    if value.startswith("\ufeff"):
        return "begins with a byte order mark (U+FEFF); save it without one"
    for match in _NOT_TEXT.finditer(value):
        if match[0] not in _PLAIN_CONTROL:
            code, place = f"U+{ord(match[0]):04X}", match.start() + 1
            return f"holds the control character {_NAMES.get(match[0], code)} at character {place}"
    return ""


_NAMES = {"\0": "NUL", "\r": "CR (a line end of Windows; convert the file)", "\x1b": "ESC"}


def value_in(data: bytes) -> tuple[str, bool]:
    """The text of a file or a pipe, and whether one line end was taken off its end.

    Raises:
        ValueError: it is not UTF-8; the text says so and quotes nothing.

    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        message = f"the value is not UTF-8 text (byte {error.start + 1})"
        raise ValueError(message) from None
    for end in ("\r\n", "\n", "\r"):
        if text.endswith(end):
            return text.removesuffix(end), True
    return text, False


def unmasked(value: str) -> str:
    """What of a value is not masked in logs, in words; empty if all of it is."""
    lines = [line for line in value.splitlines() if line]
    if all(len(line) >= LEAST_MASKED for line in lines):
        return ""
    which = "the value is" if len(lines) == 1 else "lines of the value that are"
    after = ", so it is not masked in logs" if len(lines) == 1 else " are not masked in logs"
    return f"{which} shorter than {LEAST_MASKED} characters{after}"
