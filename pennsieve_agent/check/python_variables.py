"""Environment variables that Python code reads and sets, from its syntax."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

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
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*", re.IGNORECASE)
_COMMON_NAMES = {"get", "pop", "__init__", "__call__", "__getitem__", "setdefault"}
"""Names that too many functions have."""
_BRANCHES = (ast.Try, ast.If, ast.IfExp)
_WITH_DEFAULT = {"get", "getenv", "pop", "setdefault"}


def python_variables(sources: Sequence[Source]) -> Iterator[Variables]:
    """What the Python files of a program read and set. One that does not parse may read anything.

    Functions that read the variable which an argument names are known in all files by their names.
    """
    readings = {s.name: _Reading(s) for s in sources if MARK.search(s.text)}
    functions = {
        name: place
        for reading in readings.values()
        for name, place in reading.functions.items()
        if name not in _COMMON_NAMES
    }
    calls = re.compile(rf"\b(?:{'|'.join(functions) or '(?!)'})\(")
    for source in sources:
        reading = readings.get(source.name)
        if reading is None and calls.search(source.text):
            reading = _Reading(source)
        yield _variables(source, reading, functions)


def _variables(source: Source, reading: _Reading | None, functions: Mapping[str, int]) -> Variables:
    is_open = bool(_OTHER_PROGRAMS.search(source.text)) or source.tree is None
    if reading is None:
        return Variables(is_open=is_open)
    reads = [
        Read(r.name, r.file, r.line, is_needed=r.is_needed and r.name not in reading.guarded)
        for r in reading.reads
    ]
    reads += [
        Read(name, source.name, line)
        for called, place, name, line in reading.calls
        if functions.get(called) == place
    ]
    is_open = is_open or reading.is_open or bool(_SETTINGS.search(source.text))
    return Variables(tuple(reads), frozenset(reading.sets), is_open)


def _is_environ(node: ast.AST) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (
        isinstance(node, ast.Name) and node.id == "environ"
    )


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
    def __init__(self, source: Source) -> None:
        self._file = source.name
        self._constants: dict[str, str] = {}
        self._branches = 0
        self._around: list[tuple[str, list[str]]] = []
        self.functions: dict[str, int] = {}
        self.calls: list[tuple[str, int, str, int]] = []
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
        if source.tree is not None:
            self.visit(source.tree)

    def visit_Try(self, node: ast.Try) -> None:
        """A variable that is missed and caught is not needed."""
        self._branch(node)

    def visit_If(self, node: ast.If) -> None:
        """What is read on a condition may never be; that the file is the program is not one."""
        if "__name__" in ast.unparse(node.test):
            self.generic_visit(node)
        else:
            self._branch(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """The same."""
        self._branch(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """The same, of all but the first."""
        self.visit(node.values[0])
        for value in node.values[1:]:
            self._branch(value)

    def _branch(self, node: ast.AST) -> None:
        self._branches += 1
        self.generic_visit(node) if isinstance(node, _BRANCHES) else self.visit(node)
        self._branches -= 1

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """A function's arguments are not constants of the module."""
        arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        arguments = arguments[arguments[:1] in (["self"], ["cls"]) :]
        self._around.append((node.name, arguments))
        self.generic_visit(node)
        self._around.pop()

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
            self._read_key(node.slice, node.lineno, is_needed=not self._branches)
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
        for place, argument in enumerate(node.args):
            name = argument.value if isinstance(argument, ast.Constant) else None
            if isinstance(name, str) and _VARIABLE.fullmatch(name):
                self.calls.append((called, place, name, node.lineno))
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
            case ast.Name(id=name) if not any(name in names for _, names in self._around):
                return self._constants.get(name)
            case _:
                return None

    def _read_key(self, key: ast.expr, line: int, *, is_needed: bool) -> None:
        name = self._name(key)
        if name is not None:
            self._read(name, line, is_needed=is_needed)
            return
        word = key.id if isinstance(key, ast.Name) else ""
        function = next((f for f in reversed(self._around) if word in f[1]), None)
        if function is None:
            self.is_open = True
        else:
            self.functions[function[0]] = function[1].index(word)

    def _read(self, name: str, line: int, *, is_needed: bool) -> None:
        self.reads.append(Read(name, self._file, line, is_needed=is_needed))
