"""Where Python code writes to a place that it spells out, and that is not kept.

Only paths that stand in the code count: in the call itself, or under a name that is never bound to
anything else. A relative path is one where nothing changes the current folder.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from pennsieve_agent.check.sources import Source

MARK = re.compile(
    r"\bopen\(|write_|savefig|imwrite|\bto_\w+\(|mkdir|makedirs|\bsave\w*\(|\bcopy\w*\(|touch\("
)
"""Without one of these a file writes nothing that is understood here."""
TEMPORARY = re.compile(r"/(?:tmp|var/tmp|dev|proc|sys|run|var/run|var/log|root/\.)(?:/|$)|~")
"""Places that nobody expects to be kept."""
_FILE = re.compile(r"(?:\./)?[\w.-]+(?:/[\w.-]+)*\.[A-Za-z][A-Za-z0-9]{1,7}(?:\.gz)?")
_ABSOLUTE = re.compile(r"/[\w.-]+(?:/[\w.{}-]*)*")
_MOVES = re.compile(r"\bchdir\b|\bcwd\s*=|\bnipype\b|\bsnakemake\b|\bisolated_filesystem\b")
"""With one of these the current folder may be another: nipype runs each step in its own."""
_WRITERS = {"savefig", "imwrite", "savetxt", "savez", "savez_compressed", "makedirs"}
_FRAMES = {
    *("to_csv", "to_excel", "to_json", "to_parquet", "to_pickle", "to_hdf", "to_feather"),
    *("to_netcdf", "to_zarr", "to_html", "to_file", "to_filename"),
}
_COPIES = {"copy", "copy2", "copyfile", "copytree", "move"}
_METHODS = {"write_text", "write_bytes", "mkdir", "touch"}


def writes_outside(source: Source) -> list[tuple[int, str]]:
    """The lines that write to a place that is not kept, and the place."""
    if source.tree is None or not MARK.search(source.text):
        return []
    calls = (node for node in source.nodes if isinstance(node, ast.Call))
    targets = [(node.lineno, target) for node in calls if (target := _target(node)) is not None]
    literals = _Literals(source) if targets else None
    places = []
    for line, target in targets:
        if literals is not None:
            path = literals.path(target)
            if path is not None and not literals.is_read_back(target, path):
                places.append((line, path))
    return places


def _target(node: ast.Call) -> ast.expr | None:
    """What a call writes to."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    name = str(getattr(node.func, "attr", "") or getattr(node.func, "id", ""))
    first = node.args[0] if node.args else None
    module = owner.id if isinstance(owner, ast.Name) else ""
    if name == "open":
        if owner is None or module in {"io", "gzip", "bz2", "codecs"}:
            return first if _is_written(node, 1) else None
        return owner if _is_path(owner) and _is_written(node, 0) else None
    if name in _WRITERS | _FRAMES or (name == "save" and module in {"np", "numpy"}):
        return first
    if name == "mkdir" and module == "os":
        return first
    if name in _COPIES and module == "shutil":
        return node.args[1] if len(node.args) > 1 else None
    return owner if name in _METHODS and owner is not None else None


def _is_path(node: ast.expr) -> bool:
    return isinstance(node, ast.Call | ast.BinOp | ast.Name)


def _is_written(node: ast.Call, place: int) -> bool:
    modes = [*node.args[place : place + 1], *(k.value for k in node.keywords if k.arg == "mode")]
    words = [mode.value for mode in modes if isinstance(mode, ast.Constant)]
    return any(isinstance(word, str) and set(word) & set("wax") for word in words)


class _Literals:
    """Paths that the code spells out."""

    def __init__(self, source: Source) -> None:
        self._names: dict[str, ast.expr] = {}
        self._strings: Counter[str] = Counter()
        self._loads: Counter[str] = Counter()
        self._moves = _MOVES.search(source.text) is not None
        bound: Counter[str] = Counter()
        for node in source.nodes:
            if isinstance(node, ast.Name):
                is_bound = isinstance(node.ctx, ast.Store)
                (bound if is_bound else self._loads)[node.id] += 1
            elif isinstance(node, ast.arg):
                bound[node.arg] += 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._strings[node.value] += 1
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self._names[node.targets[0].id] = node.value
        self._names = {name: v for name, v in self._names.items() if bound[name] == 1}

    def is_read_back(self, target: ast.expr, path: str) -> bool:
        """Whether the code names it again: then it is a step on the way, not a result."""
        return self._loads[_last(target)] > 1 or self._strings[path] > 1

    def path(self, node: ast.expr) -> str | None:
        """A path that is not kept; None for one that is, or cannot be told."""
        text = self._text(node, 3)
        if text is None or TEMPORARY.match(text):
            return None
        is_relative = not self._moves and _FILE.fullmatch(text) is not None
        return text if is_relative or _ABSOLUTE.fullmatch(text) else None

    def _text(self, node: ast.expr, depth: int) -> str | None:
        """The text of a path, or its beginning up to what is computed."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name) if depth and name in self._names:
                return self._text(self._names[name], depth - 1)
            case ast.Call(
                func=ast.Name(id="Path") | ast.Attribute(attr="Path" | "join"), args=args
            ):
                parts = [self._text(arg, depth) for arg in args]
                return _joined(parts)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _joined([self._text(part, depth) for part in (left, right)])
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]) if text.startswith("/"):
                return text.rpartition("/")[0] or None
            case _:
                return None


def _last(target: ast.expr) -> str:
    """The name that the last part of a path has in the code; empty where it has none."""
    match target:
        case ast.Name(id=name):
            return name
        case ast.Call(args=[*_, last]) | ast.BinOp(right=last):
            return _last(last)
        case _:
            return ""


def _joined(parts: list[str | None]) -> str | None:
    """A path of parts; where a later one is computed, the folder if it is absolute."""
    first = parts[0] if parts else None
    if first is None:
        return None
    known = list(_known(parts))
    if len(known) < len(parts):
        return "/".join(known) if first.startswith("/") else None
    return (
        "/".join(part.rstrip("/") for part in known[:-1]) + f"/{known[-1]}" if known[1:] else first
    )


def _known(parts: list[str | None]) -> Iterator[str]:
    for part in parts:
        if part is None:
            return
        yield part
