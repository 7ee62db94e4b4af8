"""YAML and JSON text as nodes that know their line, and checks on them.

``yaml.compose`` gives the line of every key, which ``yaml.safe_load`` forgets, and constructs no
objects at all.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from pennsieve_agent.errors import SourceError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
_NULL = "tag:yaml.org,2002:null"
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_TEXT, _BOOL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:bool"
Report = Callable[[SourceError], None]
_DECODED = "only text in UTF-8 can be read"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a manifest: ``place`` is its name for people, such as ``parameters[2].type``."""

    file: str
    place: str
    yaml: yaml.Node

    @property
    def line(self) -> int:
        """The line it begins on, from 1."""
        return int(self.yaml.start_mark.line) + 1

    def problem(self, what: str, hint: str = "correct the file and commit it") -> SourceError:
        """An error about this value."""
        place = self.place or "the file"
        return SourceError(f"{place} {what}", where=f"{self.file}, line {self.line}", hint=hint)

    def is_null(self) -> bool:
        """Whether nothing was written."""
        return self.yaml.tag == _NULL

    def written(self) -> object:
        """The value as it is written, to compare with another; a list or mapping by its items."""
        match self.yaml:
            case yaml.SequenceNode(value=items) | yaml.MappingNode(value=items):
                return yaml.serialize(self.yaml) if items else ""
            case _:
                return str(self.yaml.value)

    def mapping(
        self,
        known: Collection[str],
        required: Collection[str],
        report: Report,
        what: str = "the manifest",
    ) -> dict[str, Node]:
        """The values of a mapping by its known keys; ``what`` says in words whose they are.

        ``report`` is told of an unknown or a repeated key, and of one that is required and absent.

        Raises:
            SourceError: it is not a mapping.

        """
        if not isinstance(self.yaml, yaml.MappingNode):
            raise self.problem("must be a set of keys and values")
        entries: dict[str, Node] = {}
        for key, value in self.yaml.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "a list or mapping"
            at = Node(self.file, f"{self.place}.{name}" if self.place else name, key)
            if name not in known:
                report(at.problem(f"is not a key of {what}", hint=_nearest(name, known)))
                continue
            if name in entries:
                report(at.problem("appears twice"))
                continue
            entries[name] = Node(self.file, at.place, value)
        for name in required:
            if name not in entries or entries[name].is_null():
                report(self.problem(f"lacks {name}", hint=f"add a line with {name}:"))
        return {name: node for name, node in entries.items() if not node.is_null()}

    def items(self) -> list[Node]:
        """The items of a list.

        Raises:
            SourceError: it is not a list.

        """
        if not isinstance(self.yaml, yaml.SequenceNode):
            raise self.problem("must be a list", hint="write each item on a line with a hyphen")
        return [
            Node(self.file, f"{self.place}[{number}]", item)
            for number, item in enumerate(self.yaml.value, start=1)
        ]

    def scalar(self) -> str:
        """A single value, as it is written; an integer in decimal digits.

        Raises:
            SourceError: it is a list or a mapping, or nothing.

        """
        if not isinstance(self.yaml, yaml.ScalarNode) or self.is_null():
            raise self.problem("must be a single value")
        if self.yaml.tag == _INT:
            return str(_constructed(self))
        return str(self.yaml.value)

    def text(self) -> str:
        """A text.

        Raises:
            SourceError: it is something else.

        """
        if self.yaml.tag != _TEXT:
            raise self.problem("must be a text", hint='put it in quotation marks: "..."')
        return str(self.yaml.value)

    def boolean(self) -> bool:
        """True or false.

        Raises:
            SourceError: it is something else.

        """
        if self.yaml.tag != _BOOL:
            raise self.problem("must be true or false")
        return bool(_constructed(self))

    def number(self) -> float:
        """A number.

        Raises:
            SourceError: it is something else.

        """
        if self.yaml.tag not in {_INT, _FLOAT}:
            raise self.problem("must be a number")
        return float(_constructed(self))

    def choice(self, choices: Iterable[str]) -> str:
        """One of some texts.

        Raises:
            SourceError: it is none of them.

        """
        allowed = list(choices)
        value = self.text()
        if value not in allowed:
            raise self.problem(
                f"must be one of {', '.join(allowed)}", hint=_nearest(value, allowed)
            )
        return value


def read_nodes(data: bytes, file: str) -> Node:
    """The manifest in ``data``.

    Raises:
        SourceError: it is too large, not text, or broken; names the line and column.

    """
    if len(data) > MAX_BYTES:
        raise SourceError(
            f"{file} is larger than {MAX_BYTES // 1024} kB",
            where=file,
            hint="a manifest describes the workflow; keep data in other files",
        )
    try:
        text = data.decode("utf-8-sig")
        _check_events(text, file)
        node = yaml.compose(text, yaml.SafeLoader)
    except UnicodeDecodeError:
        raise SourceError(f"{file} is not text", where=file, hint=_DECODED) from None
    except yaml.MarkedYAMLError as error:
        raise _broken(file, error.problem_mark, error.problem) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise _broken(file, None, None) from None
    if node is None:
        raise SourceError(f"{file} is empty", where=file, hint="delete it, or give it a value")
    return Node(file, "", node)


def _check_events(text: str, file: str) -> None:
    """Refuse what makes a small file expensive: the library is quadratic in the nesting."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        line = f"{file}, line {event.start_mark.line + 1}" if event.start_mark else file
        if isinstance(event, yaml.AliasEvent):
            raise SourceError(
                f"{file} uses an alias (*name)", where=line, hint="write the value out"
            )
        if depth > MAX_DEPTH:
            raise SourceError(
                f"{file} is nested too deep", where=line, hint="a manifest has four levels at most"
            )


def read_json(data: bytes, file: str) -> Mapping[str, Any]:
    """The JSON object in ``data``.

    Raises:
        SourceError: it is too large, not text, broken, or no object.

    """
    if len(data) > MAX_BYTES:
        raise SourceError(f"{file} is larger than {MAX_BYTES // 1024} kB", where=file)
    hint = "correct the file and commit it"
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SourceError(f"{file} is not text", where=file, hint=_DECODED) from None
    except json.JSONDecodeError as error:
        place = f"{file}, line {error.lineno}, column {error.colno}"
        raise SourceError(f"{file} is not JSON: {error.msg}", where=place, hint=hint) from None
    except (ValueError, RecursionError):
        raise SourceError(f"{file} is not JSON", where=file, hint=hint) from None
    if not isinstance(document, dict):
        raise SourceError(f"{file} is not a JSON object", where=file, hint=hint)
    return document


def _constructed(node: Node) -> Any:
    """A number or boolean as YAML means it."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node.yaml)
    except (ValueError, yaml.YAMLError):
        raise node.problem("cannot be read") from None
    finally:
        loader.dispose()


def _nearest(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    folded = [name for name in known if name.casefold() == word.casefold()]
    if matches := folded or close:
        return f"did you mean {matches[0]}?"
    return f"possible values: {', '.join(sorted(known))}"


def _broken(file: str, mark: yaml.Mark | None, problem: str | None) -> SourceError:
    place = f"{file}, line {mark.line + 1}, column {mark.column + 1}" if mark else file
    return SourceError(
        f"{file} is not YAML" + (f": {problem}" if problem else ""),
        where=place,
        hint="correct the file and commit it; spaces at the beginning of a line count",
    )
