"""Names and texts use the words of AWS, Pennsieve, git and Python, in plain English.

``NAMES`` and ``PHRASES`` are the words that are not used, with what to say in their place.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pennsieve_agent

ROOT = Path(pennsieve_agent.__file__).parent

_NOUN = "the noun of the thing: stack, run, package, match, rows"
NAMES = {
    **dict.fromkeys(("found", "each", "wanted", "told", "gone", "made", "given", "asked"), _NOUN),
    **dict.fromkeys(("door", "doors"), "access_point"),
    **dict.fromkeys(("steer", "steersman"), "reconciler or runner"),
    **dict.fromkeys(("fear", "fears"), "warnings"),
    "police": "policy_check",
    "worlds": "clients",
    **dict.fromkeys(("mover", "movers"), "transfer_job"),
    **dict.fromkeys(("canceled", "canceling"), "cancelled"),
}
"""A word of an identifier, and what to call the thing."""

KEPT_NAMES = {
    **dict.fromkeys(("CANCELED", "CANCELING", "canceled"), "Pennsieve's word in data"),
    "MOVER_IMAGE": "as mover_image",
    "mover_role": "the stack passes it as NODE_MOVER_ROLE",
    "mover_image": "the stack passes it as NODE_MOVER_IMAGE",
    "MOVER": "the role's name in the stack",
}
"""Names that another place dictates, and which."""

PHRASES = {
    r"\bcannot be had\b": "cannot get …",
    # "There is no X" and "is no longer X" are plain English.
    r"(?<!there )(?<!There )\b(?:is|are) no (?!longer|more|newer|less)[a-z]+\b": "is not a …",
    r"\btakes none\b": "does not accept …",
    r"\bas it is(?=[.,;:)]| to\b|$)": "unchanged, in place",
    r"\bfor ever\b": "without limit",
    r"(?<![./])\bmovers?\b": "transfer job",
    r"\bsteers(?:man)?\b": "reconciler, reconcile",
    r"\b(?:open|closed?) doors?\b": "access point",
    r"\bpolice\b": "check the policy",
    # In a list of status words they are Pennsieve's, which are data.
    r"(?<!, )\bcancel(?:ed|ing)\b": "cancelled, cancelling",
    r"\bof a kind\b": "what they have in common",
}
"""A phrase in a text or docstring, and what to say."""

SHOWN = 10


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Names that this code chooses: of variables, attributes, parameters, functions, classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name
            case _:
                pass


def words(name: str) -> set[str]:
    """The words of ``snake_case`` and ``CamelCase`` names, in lower case."""
    name = re.sub("not_?found", "", name, flags=re.IGNORECASE)  # HTTP's name of status 404
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Docstrings, and texts of at least three words; data such as ``CANCELED`` is one word."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if len(text.split()) > 2:
                yield node.lineno, text
            case _:
                pass


def problems_of_names(path: Path, tree: ast.AST) -> Iterator[str]:
    where = path.relative_to(ROOT)
    for word in words("_".join(where.with_suffix("").parts)) & NAMES.keys():
        yield f"{where}: file or folder '{word}': say {NAMES[word]}"
    for line, name in identifiers(tree):
        for word in words(name) & NAMES.keys() if name not in KEPT_NAMES else ():
            yield f"{where}:{line}: name '{name}': say {NAMES[word]}"


def problems_of_texts(path: Path, tree: ast.AST) -> Iterator[str]:
    where = path.relative_to(ROOT)
    for line, quoted in texts(tree):
        text = re.sub(r"``[^`]*``", lambda code: "`" * len(code[0]), quoted)  # names of code
        for pattern, better in PHRASES.items():
            if hit := re.search(pattern, text):
                number = line + text[: hit.start()].count("\n")
                yield f"{where}:{number}: '{hit[0]}': say {better}"


@pytest.mark.parametrize("check", [problems_of_names, problems_of_texts])
def test_words(check: object) -> None:
    assert callable(check)
    problems = [
        problem for path in modules() for problem in check(path, ast.parse(path.read_text()))
    ]
    more = f"\n... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    assert not problems, "\n".join(problems[:SHOWN]) + more


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("found = 1", 1),
        ("def f(each): ...", 1),
        ("class OpenDoors: ...", 1),
        ("for made_here in x: ...", 1),
        ("self.asked = 1", 1),
        ("founder, teacher, remade = 1, 2, 3", 0),
        ("x = found.each", 0),
    ],
)
def test_a_name_is_known(source: str, count: int) -> None:
    path = ROOT / "module.py"
    assert len(list(problems_of_names(path, ast.parse(source)))) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("the image of x cannot be had", 1),
        ("the name is no tag at all", 1),
        ("the file is no longer there", 0),
        ("the run was canceled by you", 1),
        ("CANCELED", 0),
    ],
)
def test_a_phrase_is_known(text: str, count: int) -> None:
    path = ROOT / "module.py"
    assert len(list(problems_of_texts(path, ast.parse(repr(text))))) == count
