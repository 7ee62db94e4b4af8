"""Environment variables that shell scripts and R code read and set, by a listed set of forms.

Of a shell these are ``$NAME`` and ``${NAME…}`` (POSIX, Shell Command Language, 2.6.2), of R
``Sys.getenv`` and ``Sys.setenv``. Variables are in capitals, as those of the environment are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pennsieve_agent.check.sources import Source
from pennsieve_agent.check.variables import Read, Variables

_USE = re.compile(
    r"\$(?:\{(?P<braced>[A-Z][A-Z0-9_]+)(?P<operator>:?[-+=?]|[}#%/^,:\[@])|(?P<plain>[A-Z][A-Z0-9_]+))"
)
_SET = re.compile(
    r"(?:^|[\s;&|({`\"])(?:export\s+|local\s+|declare\s+(?:-\w+\s+)*|readonly\s+|typeset\s+)?"
    r"([A-Z][A-Z0-9_]+)\+?="
)
_OWN_DEFAULT = re.compile(r"\b([A-Z][A-Z0-9_]+)=\"?\$\{\1:?[-=]|:\s+\"?\$\{([A-Z][A-Z0-9_]+):?=")
"""``X="${X:-1}"`` and ``: "${X:=1}"`` take what is given from outside."""
_NAMED = re.compile(r"\b(?:read|for|export|unset|mapfile|readarray|getopts|select)\s+([^;|&\n]*)")
_WORD = re.compile(r"[A-Z][A-Z0-9_]+")
_OPEN = re.compile(
    r"\$\{!|\benvsubst\b|\bprintenv\b|\beval\b|(?:^|[;&|]\s*)env\s*(?:$|[|>])"
    r"|(?:^|[;&|\s])(?:\.|source)\s+\S",
    re.MULTILINE,
)
_STRICT = re.compile(r"^\s*set\s+-\w*u|set\s+-o\s+nounset|^#!.*\s-\w*u\w*\s*$", re.MULTILINE)
_GUARD = re.compile(r"-[nzv]\s+\"?\$?\{?([A-Z][A-Z0-9_]+)")
_KNOWN_COMMANDS = {
    *("if", "then", "else", "elif", "fi", "for", "do", "done", "while", "until", "case", "esac"),
    *("in", "function", "return", "exit", "exec", "set", "export", "local", "readonly", "unset"),
    *("echo", "printf", "test", "[", "[[", "]]", "true", "false", ":", "{", "}", "!", "cd", "pwd"),
    *("mkdir", "cp", "mv", "rm", "ln", "ls", "cat", "find", "sort", "head", "tail", "wc", "cut"),
    *("tr", "sed", "awk", "grep", "basename", "dirname", "date", "sleep", "touch", "chmod", "read"),
    *("tee", "uniq", "xargs", "shift", "trap", "python", "python3", "Rscript", "sh", "bash"),
    *("break", "continue", "gzip", "gunzip", "tar", "unzip", "zip", "du", "df", "stat", "id"),
}
_COMMAND = re.compile(
    r"(?:^|[;|&]|\b(?:then|do|else|exec|if|elif|while|until)\b|\$\(|!)"
    r"\s*(?:[A-Za-z_]\w*=\S*\s+)*([\w./+\[\]{}:!-]+)",
    re.MULTILINE,
)
_R_READ = re.compile(r"\bSys\.getenv\(\s*(?P<key>(?P<q>[\"'])(?P<name>\w+)(?P=q)|[^\s)][^,)]*|)")
_R_LIST = re.compile(r"\bSys\.getenv\(\s*c\(([^)]*)\)")
_R_SET = re.compile(r"\bSys\.setenv\(([^()]*)\)")
_R_NAME = re.compile(r"[\"'](\w+)[\"']")
_R_PROGRAMS = re.compile(r"\b(?:system2?|shell|processx::\w+)\(")


def shell_variables(source: Source) -> Variables:
    """What a shell script reads and sets. One that starts other programs may read anything."""
    code = source.code
    sets = {hit[1] for hit in _SET.finditer(code)}
    for hit in _NAMED.finditer(code):
        sets |= set(_WORD.findall(hit[1].split("=")[0])) if "=" not in hit[1] else set()
    exported = re.findall(r"\bexport\s+((?:[A-Z][A-Z0-9_]+\s*)+)$", code, re.MULTILINE)
    sets -= {name for words in exported for name in _WORD.findall(words)} - {
        hit[1] for hit in _SET.finditer(code)
    }
    sets -= {hit[1] or hit[2] for hit in _OWN_DEFAULT.finditer(code)}
    guarded = {hit[1] for hit in _GUARD.finditer(code)}
    strict = bool(_STRICT.search(source.text))
    reads = []
    for hit in _USE.finditer(code):
        name, operator = hit["braced"] or hit["plain"], hit["operator"] or ""
        needed = operator.endswith("?") or (strict and not operator.endswith(("-", "+", "=")))
        is_needed = needed and name not in guarded
        reads.append(Read(name, source.name, source.line_at(hit.start()), is_needed=is_needed))
    is_open = bool(_OPEN.search(code)) or any(_other_programs(source))
    return Variables(tuple(reads), frozenset(sets), is_open)


def _other_programs(source: Source) -> Iterator[str]:
    """Programs that a script starts and whose variables nobody here knows."""
    functions = set(re.findall(r"^\s*(?:function\s+)?(\w+)\s*\(\)", source.code, re.MULTILINE))
    for hit in _COMMAND.finditer(source.code):
        name = posixpath.basename(hit[1])
        is_script = bool(re.search(r"\.(?:sh|py|R|r|bash)$", name))
        if name and name not in _KNOWN_COMMANDS | functions and not is_script:
            yield name


def r_variables(source: Source) -> Variables:
    """What R code reads and sets."""
    code = source.code
    reads, is_open = [], bool(_R_PROGRAMS.search(code))
    for hit in _R_READ.finditer(code):
        line = source.line_at(hit.start())
        if hit["name"]:
            reads.append(Read(hit["name"], source.name, line))
        elif (names := _R_LIST.match(code, hit.start())) is not None:
            reads += [Read(name, source.name, line) for name in _R_NAME.findall(names[1])]
        else:
            is_open = True
    sets = {name for hit in _R_SET.finditer(code) for name in re.findall(r"(\w+)\s*=", hit[1])}
    return Variables(tuple(reads), frozenset(sets), is_open)
