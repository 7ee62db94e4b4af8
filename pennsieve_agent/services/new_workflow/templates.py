"""The templates, which are files of this package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

_PLACE = re.compile(r"@([A-Z]+)@")
_SUFFIX, _DOT = ".in", "dot-"


def template(kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """The files of a folder of templates by their paths, with values for ``@WORD@``.

    Raises:
        KeyError: a word has no value.
    """
    root = files(__package__) / "templates" / kind
    return {path: filled(text, values) for path, text in sorted(_below(root, ""))}


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with values for its words.

    Raises:
        KeyError: a word has no value.
    """
    return _PLACE.sub(lambda hit: values[hit[1]], text)


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for item in folder.iterdir():
        name = item.name.removesuffix(_SUFFIX)
        here = path + (f".{name.removeprefix(_DOT)}" if name.startswith(_DOT) else name)
        if item.is_dir():
            yield from _below(item, f"{here}/")
        elif item.name.endswith(_SUFFIX):
            yield here, item.read_text(encoding="utf-8")
