"""Which words of its command line a script takes its folders from, read from its text.

Known are ``argparse`` and ``click`` and ``sys.argv`` of Python, ``commandArgs`` and ``optparse`` of
R. What is read otherwise is not seen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pennsieve_agent.check.sources import Language, Source

_INPUT = re.compile(r"(?:in|input|source|src|data|bids|raw)(?:[-_]?(?:dir|directory|folder|path))?")
_OUTPUT = re.compile(
    r"(?:out|output|outputs|target|dest|destination|result|results)"
    r"(?:[-_]?(?:dir|directory|folder|path))?"
)
_SHORT = {"i": "input", "o": "output"}
_OPTIONAL = {"?", "*"}
_TWO = 2
_R_NAME = re.compile(r"\b(\w+)\s*(?:<-|=)\s*commandArgs\(")
_R_OPTION = re.compile(r"\b(?:make_option|add_option|add_argument)\((?:[^()\"']|c\()*([\"'][^)]*)")
_QUOTED = re.compile(r"[\"'](-{0,2}[A-Za-z][\w-]*)[\"']")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What a script can be told: words by their place, and options by name, as they are typed."""

    places: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def folders(self) -> tuple[str, ...] | None:
        """The words that tell it the folders of a step, for a shell; empty where it has none.

        None where it has more words than these, so that nobody can tell which are meant.
        """
        left = list(self.places)
        words: list[str] = []
        for pattern, variable in ((_INPUT, '"$INPUT_DIR"'), (_OUTPUT, '"$OUTPUT_DIR"')):
            option = next((o for o in self.options if _means(o.lstrip("-"), pattern)), None)
            if option is not None:
                words += [option, variable]
        if not left:
            return tuple(words)
        if words or len(left) != _TWO:
            return None
        is_turned = _means(left[0], _OUTPUT) or _means(left[1], _INPUT)
        return ('"$OUTPUT_DIR"', '"$INPUT_DIR"') if is_turned else ('"$INPUT_DIR"', '"$OUTPUT_DIR"')


def _means(name: str, pattern: re.Pattern[str]) -> bool:
    return pattern.fullmatch(_SHORT.get(name, name).lower()) is not None


def command_line(source: Source) -> CommandLine:
    """What a script can be told on its command line."""
    if source.language is Language.PYTHON:
        return _of_python(source)
    return _of_r(source) if source.language is Language.R else CommandLine()


def _of_python(source: Source) -> CommandLine:
    places: list[str] = []
    options: list[str] = []
    for call in (node for node in source.nodes if isinstance(node, ast.Call)):
        name = str(getattr(call.func, "attr", "") or getattr(call.func, "id", ""))
        words = [a.value for a in call.args if isinstance(a, ast.Constant)]
        names = [word for word in words if isinstance(word, str)]
        if name not in {"add_argument", "argument", "option"} or not names:
            continue
        if names[0].startswith("-"):
            options.append(max(names, key=len))
        elif not _is_optional(call):
            places.append(names[0])
    return CommandLine(tuple(places) or tuple(_of_argv(source)), tuple(options))


def _is_optional(call: ast.Call) -> bool:
    nargs = next((k.value for k in call.keywords if k.arg == "nargs"), None)
    return isinstance(nargs, ast.Constant) and nargs.value in _OPTIONAL


def _of_argv(source: Source) -> Iterator[str]:
    """The words of ``sys.argv`` that are read by their number, or are given names at once."""
    most = 0
    for node in source.nodes:
        match node:
            case ast.Subscript(value=value, slice=ast.Constant(value=int(number))):
                if _is_argv(value):
                    most = max(most, number)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=value):
                first = _first_word(value)
                most = most if first is None else max(most, len(names) - 1 + first)
            case _:
                pass
    yield from (str(number) for number in range(1, most + 1))


def _first_word(value: ast.expr) -> int | None:
    """The number of the first word in ``sys.argv``, ``sys.argv[1:]``, or what is made of these."""
    parts = list(ast.walk(value))
    for part in parts:
        match part:
            case ast.Subscript(value=inner, slice=ast.Slice(lower=lower)) if _is_argv(inner):
                is_number = isinstance(lower, ast.Constant) and isinstance(lower.value, int)
                return int(ast.unparse(lower)) if lower is not None and is_number else 0
            case ast.Subscript(value=inner) if _is_argv(inner):
                return None  # one word, which is counted by its number
            case _:
                pass
    return 0 if any(_is_argv(part) for part in parts) else None


def _is_argv(node: ast.AST) -> bool:
    return "argv" in {getattr(node, "attr", ""), getattr(node, "id", "")}


def _of_r(source: Source) -> CommandLine:
    options = []
    for hit in _R_OPTION.finditer(source.code):
        names = [name for name in _QUOTED.findall(hit[1]) if name.startswith("-")]
        options += [max(names, key=len)] if names else []
    most = 0
    for name in _R_NAME.findall(source.code):
        read = re.compile(rf"\b{re.escape(name)}\[\[?\s*(\d+)\s*\]")
        most = max([most, *(int(number) for number in read.findall(source.code))])
    return CommandLine(tuple(str(number) for number in range(1, most + 1)), tuple(options))
