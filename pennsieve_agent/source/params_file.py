"""A file with the parameters of a run: YAML or JSON, names and values, or such below step names.

Values are taken as they are written, as every value is text on the wire
(``contracts/workflows.md`` 3.1): ``0.10`` stays ``0.10``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.yaml_nodes import Node, read_nodes

_HINT = "write a line for each, as NAME: VALUE, or below a step's name"


def read_params(data: bytes, file: str) -> dict[str, str]:
    """The values by name, ``STEP.NAME`` for those below a step's name.

    Raises:
        SourceError: it is too large, no text, broken, or no names and values; it names the line.

    """
    values: dict[str, str] = {}
    for node in _values(read_nodes(data, file)):
        if node.place in values:
            raise node.problem("appears twice", hint="keep one of them")
        values[node.place] = str(node.yaml.value)
    return values


def _values(node: Node, depth: int = 0) -> Iterator[Node]:
    """The single values of a mapping, and of the mappings in it."""
    if not isinstance(node.yaml, yaml.MappingNode):
        raise node.problem("must be names with values", hint=_HINT)
    for key, value in node.yaml.value:
        if not isinstance(key, yaml.ScalarNode) or not key.value:
            raise node.problem("has a name that is not a text", hint=_HINT)
        place = f"{node.place}.{key.value}" if node.place else str(key.value)
        inner = Node(node.file, place, value)
        if isinstance(value, yaml.MappingNode) and not depth:
            yield from _values(inner, depth + 1)
        elif not isinstance(value, yaml.ScalarNode):
            raise inner.problem("must be a single value", hint=_HINT)
        elif inner.is_null():
            raise inner.problem("has no value", hint='for an empty one, write: ""')
        else:
            yield inner


def with_typed(values: dict[str, str], typed: Sequence[str]) -> tuple[str, ...]:
    """Values of a file as ``NAME=VALUE``, without those that were typed, and what was typed.

    A typed ``NAME`` goes before the file's ``NAME`` and ``STEP.NAME``, a typed ``STEP.NAME`` before
    the same.
    """
    names = {text.partition("=")[0].strip() for text in typed}
    kept = [
        f"{name}={value}"
        for name, value in values.items()
        if name not in names and name.rpartition(".")[2] not in names
    ]
    return (*kept, *typed)


def not_readable(file: str, why: str) -> SourceError:
    """The error for a file that cannot be opened."""
    return SourceError(f"{file} cannot be read: {why}", where=file, hint="check --params-file")
