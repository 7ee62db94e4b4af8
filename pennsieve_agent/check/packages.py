"""Which packages a program imports that neither its language nor the repository brings."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable

from pennsieve_agent.check.sources import Language, Source

_DISTRIBUTIONS = {
    "PIL": "pillow",
    "Bio": "biopython",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "igraph": "python-igraph",
    "docx": "python-docx",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
"""What a module's distribution is called where it is not its own name (each by its own manual)."""
_OF_R = {
    *("base", "compiler", "datasets", "graphics", "grDevices", "grid", "methods", "parallel"),
    *("splines", "stats", "stats4", "tcltk", "tools", "utils"),
    *("boot", "class", "cluster", "codetools", "foreign", "KernSmooth", "lattice", "MASS"),
    *("Matrix", "mgcv", "nlme", "nnet", "rpart", "spatial", "survival"),
}
"""What each R has: its base and recommended packages (R FAQ, 5.1 "Add-on packages in R")."""
_R_USE = re.compile(
    r"\b(?:library|require|requireNamespace|loadNamespace)\(\s*[\"']?([A-Za-z][\w.]*)[\"']?"
    r"|\b([A-Za-z][\w.]*):::?[A-Za-z.]"
)


def packages(sources: Iterable[Source], own: Collection[str]) -> tuple[str, ...]:
    """The packages to install, by the names of their index, sorted.

    ``own`` are the modules of the repository itself.
    """
    names: set[str] = set()
    for source in sources:
        if source.language is Language.PYTHON:
            names |= {
                _DISTRIBUTIONS.get(name, name)
                for name in _imports(source)
                if name not in own and name not in sys.stdlib_module_names
            }
        elif source.language is Language.R:
            names |= {one or other for one, other in _R_USE.findall(source.code)} - _OF_R
    return tuple(sorted(names, key=str.lower))


def _imports(source: Source) -> set[str]:
    names: set[str] = set()
    for node in source.nodes:
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name.partition(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module.partition(".")[0])
            case _:
                pass
    return names - {"__future__"}
