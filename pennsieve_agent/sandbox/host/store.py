"""The sandbox's state: one SQLite file, shared by all request threads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pennsieve_agent.errors import SettingsError

Row = Mapping[str, Any]
Values = Sequence[Any] | Mapping[str, Any]


_OF_THE_DISK = (
    *("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM"),
)


class Store:
    """A SQLite database with one connection and one lock.

    Each part of the sandbox brings its own tables as a script of ``CREATE TABLE IF NOT EXISTS``.
    Statements outside :meth:`transaction` are transactions of their own.
    """

    def __init__(self, path: Path, schemas: Iterable[str]) -> None:
        """Open or create the database.

        Raises:
            SettingsError: the file is not a usable database.

        """
        self._lock = threading.RLock()
        self._depth = 0
        try:
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None, timeout=10
            )
        except (sqlite3.Error, OSError) as error:
            raise unusable(path, error) from error
        self._connection.row_factory = sqlite3.Row
        try:
            self._prepare(schemas)
        except sqlite3.Error as error:
            self._connection.close()
            raise unusable(path, error) from error

    def _prepare(self, schemas: Iterable[str]) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        (verdict,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        for schema in schemas:
            self._connection.executescript(schema)

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return [dict(row) for row in self._connection.execute(sql, values).fetchall()]

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """The first row of a query, if any."""
        with self._lock:
            row = self._connection.execute(sql, values).fetchone()
            return dict(row) if row is not None else None

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement; answers the new row's number for an INSERT, else the rows changed."""
        with self._lock:
            cursor = self._connection.execute(sql, values)
            inserted = sql.lstrip()[:6].upper() == "INSERT"
            return int(cursor.lastrowid or 0) if inserted else cursor.rowcount

    def execute_many(self, sql: str, values: Iterable[Values]) -> None:
        """Run a statement once for each set of values, in one transaction."""
        with self.transaction():
            self._connection.executemany(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing does. May be nested."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; the store cannot be used any more."""
        with self._lock:
            self._connection.close()


def unusable(path: Path, error: Exception) -> SettingsError:
    """The error of a database that refuses; only one that is damaged is to be made anew."""
    code = getattr(error, "sqlite_errorname", "")
    if isinstance(error, OSError) or code.startswith(_OF_THE_DISK):
        return SettingsError(
            f"the sandbox's database cannot be written: {getattr(error, 'strerror', '') or error}",
            where=str(path),
            hint="make room, make the folder yours, or name another one with --data; what the "
            "sandbox had is kept",
        )
    return SettingsError(
        f"the sandbox's database cannot be used: {error}",
        where=str(path),
        hint="start afresh with: pennsieve sandbox reset (dataset files are kept)",
    )
