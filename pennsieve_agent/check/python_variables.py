"""Environment variables that Python code reads and sets, from its syntax."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from pennsieve_agent.check.sources import Source
from pennsieve_agent.check.variables import Read, Variables

MARK = re.compile(r"environ|getenv|\benv\b|decouple|BaseSettings|auto_envvar|dynaconf|hydra")
"""Without one of these a file reads no variable."""
_SETTINGS = re.compile(
    r"BaseSettings|auto_envvar|dynaconf|\bhydra\b|\bimport environs?\b|\bfrom environs? |"
    r"\bdecouple\b|load_dotenv|envparse|configargparse"
)
"""Libraries that read variables whose names the code need not spell out."""
_OTHER_PROGRAMS = re.compile(
    r"\bsubprocess\b|\bos\.(?:system|popen|exec\w*|spawn\w*)\b|\bPopen\b|\bpexpect\b|\bnipype\b"
)
"""Another program gets the environment, too."""
_WITH_DEFAULT = {"get", "getenv", "pop", "setdefault"}


class ReaderFunctions:
    """Functions of the program that read the variable which an argument names."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self.places: dict[str, int] = {}
        for source in sources:
            if source.tree is not None and MARK.search(source.text):
                self.places.update(_readers(source.tree))


def python_variables(source: Source, functions: ReaderFunctions) -> Variables:
    """What a file reads and sets. A file that does not parse may read anything."""
    if source.tree is None:
        return Variables(is_open=True)
    names = "|".join(functions.places)
    calls = bool(names) and re.search(rf"\b(?:{names})\(", source.text)
    others = bool(_OTHER_PROGRAMS.search(source.text))
    if not MARK.search(source.text) and not calls:
        return Variables(is_open=others)
    reading = _Reading(source, functions)
    reading.visit(source.tree)
    is_open = reading.is_open or others or bool(_SETTINGS.search(source.text))
    guarded = reading.guarded
    reads = [
        Read(r.name, r.file, r.line, is_needed=r.is_needed and r.name not in guarded)
        for r in reading.reads
    ]
    return Variables(tuple(reads), frozenset(reading.sets), is_open)


def _is_environ(node: ast.AST) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (
        isinstance(node, ast.Name) and node.id == "environ"
    )


def _readers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        arguments = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        for node in ast.walk(function):
            key = _key(node)
            if isinstance(key, ast.Name) and key.id in arguments:
                place = arguments.index(key.id) - (arguments[0] in {"self", "cls"})
                yield function.name, place


def _key(node: ast.AST) -> ast.expr | None:
    """What names the variable, where a node reads one."""
    match node:
        case ast.Subscript(value=value, slice=key, ctx=ast.Load()) if _is_environ(value):
            return key
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=[key, *_]) if (
            name in _WITH_DEFAULT and (_is_environ(value) or name == "getenv")
        ):
            return key
        case ast.Call(func=ast.Name(id="getenv"), args=[key, *_]):
            return key
        case _:
            return None


class _Reading(ast.NodeVisitor):
    def __init__(self, source: Source, functions: ReaderFunctions) -> None:
        self._file = source.name
        self._functions = functions.places
        self._constants: dict[str, str] = {}
        self._tries = 0
        self._arguments: list[set[str]] = []
        self.reads: list[Read] = []
        self.sets: set[str] = set()
        self.guarded: set[str] = set()
        self.is_open = False
        for statement in source.tree.body if source.tree else ():
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                    self._constants[name] = text
                case _:
                    pass

    def visit_Try(self, node: ast.Try) -> None:
        """A variable that is missed and caught is not needed."""
        self._tries += 1
        for part in node.body:
            self.visit(part)
        self._tries -= 1
        for handler in node.handlers:
            self.visit(handler)
        for part in (*node.orelse, *node.finalbody):
            self.visit(part)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """A function's arguments are not constants of the module."""
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        self._arguments.append({argument.arg for argument in arguments})
        self.generic_visit(node)
        self._arguments.pop()

    def visit_Compare(self, node: ast.Compare) -> None:
        """``"X" in os.environ`` asks whether it is there."""
        if len(node.ops) == 1 and _is_environ(node.comparators[0]):
            name = self._name(node.left)
            if name:
                self.guarded.add(name)
                self._read(name, node.lineno, is_needed=False)
            else:
                self.is_open = True
            return
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """``os.environ["X"]``, read or set."""
        if not _is_environ(node.value):
            self.generic_visit(node)
            return
        name = self._name(node.slice)
        if isinstance(node.ctx, ast.Load):
            self._read_key(node.slice, node.lineno, is_needed=not self._tries)
        elif name:
            self.sets.add(name)
        self.visit(node.slice)

    def visit_Call(self, node: ast.Call) -> None:
        """``os.getenv("X")``, ``os.environ.get("X")``, and functions that do this."""
        key = _key(node)
        called = str(getattr(node.func, "attr", "") or getattr(node.func, "id", ""))
        if key is not None:
            self._read_key(key, node.lineno, is_needed=False)
            if called == "setdefault":
                self.sets.add(self._name(key) or "")
            for argument in (*node.args, *(k.value for k in node.keywords)):
                self.visit(argument)
            return
        if called in self._functions and len(node.args) > self._functions[called]:
            name = self._name(node.args[self._functions[called]])
            if name:
                self._read(name, node.lineno, is_needed=False)
        match node.func:
            case ast.Attribute(value=value, attr="update") if _is_environ(value):
                for argument in node.args:
                    keys = argument.keys if isinstance(argument, ast.Dict) else []
                    self.sets |= {n for k in keys if k is not None and (n := self._name(k))}
                self.sets |= {keyword.arg for keyword in node.keywords if keyword.arg}
                return
            case ast.Attribute(attr="putenv") if node.args:
                self.sets.add(self._name(node.args[0]) or "")
            case _:
                pass
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """``os.environ`` as a whole, which something else reads."""
        if _is_environ(node):
            self.is_open = True
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """``environ`` as a whole."""
        if _is_environ(node) and isinstance(node.ctx, ast.Load):
            self.is_open = True

    def _name(self, node: ast.expr) -> str | None:
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name) if not any(name in names for names in self._arguments):
                return self._constants.get(name)
            case _:
                return None

    def _read_key(self, key: ast.expr, line: int, *, is_needed: bool) -> None:
        name = self._name(key)
        if name is not None:
            self._read(name, line, is_needed=is_needed)
        elif not (isinstance(key, ast.Name) and any(key.id in names for names in self._arguments)):
            self.is_open = True

    def _read(self, name: str, line: int, *, is_needed: bool) -> None:
        self.reads.append(Read(name, self._file, line, is_needed=is_needed))
