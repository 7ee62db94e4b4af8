"""Makes moto and botocore faster; nothing here changes their answers.

A node's template is JSON, which moto reads as YAML, many times for each change; with each account
that it makes it loads hundreds of machine images, none of which a node asks for; and for each
request it lists its own modules and methods anew.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import threading
from typing import Any


def hurry() -> None:
    """Make moto faster; calling it again changes nothing."""
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    read_descriptions_once()  # before moto is imported, which reads them three times as it is
    parse_one_at_a_time()
    from moto.cloudformation import models, responses  # noqa: PLC0415 - slow

    look_at_itself_once()
    for names in (vars(models), vars(responses)):
        if not isinstance(names["yaml"], JsonFirst):
            names["yaml"] = JsonFirst(names["yaml"])


def read_descriptions_once() -> None:
    """Let all sessions of botocore share its service descriptions: megabytes of JSON."""
    import botocore.loaders  # noqa: PLC0415 - slow
    import botocore.session  # noqa: PLC0415 - slow

    if not hasattr(botocore.session.create_loader, "cache_info"):
        botocore.session.create_loader = functools.cache(botocore.loaders.create_loader)


def look_at_itself_once() -> None:
    """Cache moto's lists of its modules and of the methods of a class."""
    from moto import backends  # noqa: PLC0415 - slow
    from moto.core import responses  # noqa: PLC0415 - slow

    own: Any = responses  # which names it exports is not declared
    if not hasattr(own.method_names_from_class, "cache_info"):
        modules = frozenset(backends.list_of_moto_modules())
        backends.list_of_moto_modules = lambda: modules
        own.method_names_from_class = functools.cache(own.method_names_from_class)


def parse_one_at_a_time() -> None:
    """Let Python make one syntax tree at a time.

    CPython 3.11 counts the depth of all threads' trees together, and fails in ``ast.parse`` when
    two threads are at it (its issue 106905); web servers make such trees of their routes.
    """
    if not hasattr(ast.parse, "__wrapped__"):
        parse, lock = ast.parse, threading.RLock()

        @functools.wraps(parse)
        def locked(*source: Any, **how: Any) -> Any:
            with lock:
                return parse(*source, **how)

        vars(ast)["parse"] = locked


class JsonFirst:
    """The module ``yaml`` with a faster way for text that is JSON; the result is the same."""

    def __init__(self, yaml: Any) -> None:
        self._yaml = yaml

    def __getattr__(self, name: str) -> Any:
        """Every other attribute is the one of ``yaml``."""
        return getattr(self._yaml, name)

    def load(self, text: str | bytes, *how: Any, **more: Any) -> Any:
        """Parse a text as JSON if it is JSON, else as YAML."""
        try:
            return json.loads(text)
        except ValueError:
            return self._yaml.load(text, *how, **more)
