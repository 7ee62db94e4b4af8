"""Where Python code lists, or writes into, a folder that a variable names, read from its syntax.

Followed are names, attributes, arguments of the module's own functions, and the usual ways to make
paths of paths. What is computed otherwise is not seen: this finds what is written plainly, and
invents nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

_ENVIRON = {"environ", "getenv"}
_OF_FIRST = {
    *("str", "Path", "PurePath", "PosixPath", "join", "abspath", "realpath", "normpath", "dirname"),
    *("fspath", "expanduser", "sorted", "list", "tuple", "set", "glob", "iglob", "scandir", "walk"),
    *("reversed", "enumerate", "tqdm", "rstrip"),
}
"""Functions whose answer lies where their first argument does."""
_OF_OWNER = {
    *("iterdir", "glob", "rglob", "walk", "joinpath", "resolve", "absolute", "with_suffix"),
    *("with_name", "with_stem", "expanduser", "rstrip", "as_posix", "strip"),
}
"""Methods whose answer lies where their path does."""
_SAME_PLACE = {"parent", "path"}
"""Attributes of a path, or of an entry of a folder, that lie there, too."""
_METHODS = {
    *("write_text", "write_bytes", "mkdir", "touch", "unlink", "rmdir", "rename", "replace"),
    *("symlink_to", "hardlink_to", "chmod"),
}
_FIRST = {
    *("remove", "unlink", "rmdir", "rmtree", "makedirs", "mkdir", "chmod", "removedirs", "utime"),
    *("truncate", "rename", "move", "save", "savez", "savetxt", "imwrite", "extractall"),
}
"""Functions that change what their first argument names."""
_SECOND = {
    *("copy", "copy2", "copyfile", "copytree", "move", "rename", "replace", "symlink", "link"),
    *("dump", "imsave", "unpack_archive"),
}
"""Functions that make what their second argument names."""
_LISTS = {"listdir", "scandir", "glob", "iglob"}
"""Functions that list one folder."""
_BINDINGS = (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.comprehension)
_ROUNDS = 4


class FolderUse:
    """What a module does with the folder that an environment variable names."""

    def __init__(self, tree: ast.Module, variable: str) -> None:
        self._taint = _Taint(tree, variable)

    def writes(self) -> list[int]:
        """The lines that write below the folder."""
        return sorted(set(self._taint.writes()))

    def lists(self) -> list[int]:
        """The lines that list the folder, or a folder in it, without what lies further below."""
        return sorted(set(self._taint.lists()))


class _Taint:
    """What in a module lies below the folder. Names are told apart by the function they are in."""

    def __init__(self, tree: ast.Module, variable: str) -> None:
        self._calls: list[ast.Call] = []
        self._bindings: list[ast.AST] = []
        self._variable = variable
        self._names: set[tuple[str, str]] = set()
        self._attributes: set[str] = set()
        self._scopes: dict[ast.AST, str] = {}
        self._functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self._enter(tree, "")
        for _ in range(_ROUNDS):  # what is called may stand before what calls it
            before = len(self._names) + len(self._attributes)
            for node in self._bindings:
                self._learn(node)
            if before == len(self._names) + len(self._attributes):
                break

    def _enter(self, node: ast.AST, scope: str) -> None:
        self._scopes[node] = scope
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._functions.setdefault(node.name, node)
            scope = f"{scope}.{node.name}"
        elif isinstance(node, ast.Call):
            self._calls.append(node)
            self._bindings.append(node)
        elif isinstance(node, _BINDINGS):
            self._bindings.append(node)
        for child in ast.iter_child_nodes(node):
            self._enter(child, scope)

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._bind(target, value)
            case ast.NamedExpr(target=target, value=value):
                self._bind(target, value)
            case (
                ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source)
            ):
                if self._lies_there(source):
                    self._bind_item(target, source)
            case ast.Call(func=ast.Name(id=name)) if name in self._functions:
                self._pass(node, self._functions[name])
            case _:
                pass

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if self._lies_there(value):
            self._mark(target)

    def _bind_item(self, target: ast.expr, source: ast.expr) -> None:
        """A loop's variable: of a walk the first of three is a path, of a numbering the second."""
        if isinstance(target, ast.Tuple) and target.elts:
            called = _called(source)
            self._mark(target.elts[-1 if called == "enumerate" else 0])
        else:
            self._mark(target)

    def _mark(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._names.add((self._scopes[target], target.id))
        elif isinstance(target, ast.Attribute):
            self._attributes.add(target.attr)

    def _pass(self, call: ast.Call, to: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        scope = f"{self._scopes[to]}.{to.name}"
        names = [argument.arg for argument in (*to.args.posonlyargs, *to.args.args)]
        for name, value in zip(names, call.args, strict=False):
            if self._lies_there(value):
                self._names.add((scope, name))
        for keyword in call.keywords:
            if keyword.arg and self._lies_there(keyword.value):
                self._names.add((scope, keyword.arg))

    def _lies_there(self, node: ast.expr) -> bool:
        lies_there = False
        match node:
            case ast.Name(id=name):
                outer = _outwards(self._scopes.get(node, ""))
                lies_there = any((scope, name) in self._names for scope in outer)
            case ast.Attribute(value=value, attr=attr):
                same = attr in _SAME_PLACE and self._lies_there(value)
                lies_there = same or attr in self._attributes
            case ast.Subscript(value=value, slice=key):
                lies_there = self._is_variable(value, key) or self._lies_there(value)
            case ast.BoolOp(values=values):
                lies_there = any(map(self._lies_there, values))
            case ast.IfExp(body=body, orelse=other):
                lies_there = self._lies_there(body) or self._lies_there(other)
            case (
                ast.BinOp(left=first) | ast.JoinedStr(values=[ast.FormattedValue(value=first), *_])
            ):
                lies_there = self._lies_there(first)
            case ast.Call():
                lies_there = self._call_lies_there(node)
            case _:
                pass
        return lies_there

    def _call_lies_there(self, node: ast.Call) -> bool:
        name = _called(node)
        first = node.args[0] if node.args else None
        if first is not None and self._is_read(node, first):
            return True
        if first is not None and name in _OF_FIRST and self._lies_there(first):
            return True
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return owner is not None and name in _OF_OWNER and self._lies_there(owner)

    def _is_read(self, node: ast.Call, first: ast.expr) -> bool:
        """Whether it is ``os.getenv(NAME)`` or ``os.environ.get(NAME)``."""
        if not isinstance(first, ast.Constant) or first.value != self._variable:
            return False
        named = {part.attr for part in ast.walk(node.func) if isinstance(part, ast.Attribute)}
        named |= {part.id for part in ast.walk(node.func) if isinstance(part, ast.Name)}
        return bool(named & _ENVIRON)

    def _is_variable(self, value: ast.expr, key: ast.expr) -> bool:
        is_environ = "environ" in {getattr(value, "attr", ""), getattr(value, "id", "")}
        return is_environ and isinstance(key, ast.Constant) and key.value == self._variable

    def writes(self) -> Iterator[int]:
        yield from (node.lineno for node in self._calls if self._writes(node))

    def lists(self) -> Iterator[int]:
        yield from (node.lineno for node in self._calls if self._lists(node))

    def _lists(self, node: ast.Call) -> bool:
        name, first = _called(node), node.args[0] if node.args else None
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        is_module = isinstance(owner, ast.Name) and owner.id in {"glob", "os"}
        if owner is not None and not is_module and self._lies_there(owner):
            is_pattern = isinstance(first, ast.Constant) and isinstance(first.value, str)
            return name == "iterdir" or (name == "glob" and is_pattern)
        return name in _LISTS and first is not None and self._lies_there(first)

    def _writes(self, node: ast.Call) -> bool:
        name, arguments = _called(node), node.args
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if owner is not None and self._lies_there(owner):
            return name in _METHODS or (name == "open" and _is_for_writing(arguments, node, 0))
        first, second = (self._lies_there(a) for a in (*arguments[:2], *_NOTHING[len(arguments) :]))
        if name == "open":
            return first and _is_for_writing(arguments, node, 1)
        is_frame = owner is not None and name.startswith("to_") and first
        return (first and name in _FIRST) or (second and name in _SECOND) or is_frame


_NOTHING: tuple[ast.expr, ...] = (ast.Constant(None), ast.Constant(None))


def _called(node: ast.expr) -> str:
    """The last word of what is called."""
    function = node.func if isinstance(node, ast.Call) else None
    return str(getattr(function, "attr", "") or getattr(function, "id", ""))


def _is_for_writing(arguments: Iterable[ast.expr], node: ast.Call, place: int) -> bool:
    modes = [
        *list(arguments)[place : place + 1],
        *(k.value for k in node.keywords if k.arg == "mode"),
    ]
    words = (mode.value for mode in modes if isinstance(mode, ast.Constant))
    return any(isinstance(word, str) and set(word) & set("wax+") for word in words)


def _outwards(scope: str) -> Iterator[str]:
    """A scope and those around it."""
    yield scope
    while scope:
        scope = scope.rpartition(".")[0]
        yield scope
