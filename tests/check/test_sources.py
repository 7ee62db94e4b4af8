"""How code is read, before any rule."""

from __future__ import annotations

import ast
from pathlib import Path

from pennsieve_agent.check import sources
from pennsieve_agent.check.sources import Language, Source


def test_the_nodes_of_python_are_those_of_ast_in_its_order() -> None:
    text = Path(str(sources.__file__)).read_text(encoding="utf-8")
    source = Source("sources.py", Language.PYTHON, text)
    assert source.tree is not None
    assert list(source.nodes) == list(ast.walk(source.tree))


def test_what_does_not_parse_has_no_nodes() -> None:
    assert Source("x.py", Language.PYTHON, "def (").nodes == ()
