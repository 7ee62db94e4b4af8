"""Paths in a dataset: what is said where nothing is."""

from __future__ import annotations

import shlex
from typing import Any, cast

import pytest

from pennsieve_agent.domain.datasets import Dataset, Role
from pennsieve_agent.errors import UnknownName
from pennsieve_agent.services.files import dataset_paths

NAME = "Smith's mice"


class Empty:
    """A dataset without files, and with it all of Pennsieve that is asked."""

    @property
    def packages(self) -> Empty:
        return self

    @property
    def datasets(self) -> Empty:
        return self

    def children(self, _: str) -> tuple[()]:
        return ()

    def files(self, _: str) -> tuple[()]:
        return ()


def test_the_command_to_copy_is_one_for_a_name_with_an_apostrophe() -> None:
    dataset = Dataset("N:dataset:m", 1, NAME, role=Role.EDITOR)
    with pytest.raises(UnknownName, match="no file or folder 'raw'") as caught:
        dataset_paths.find(cast(Any, Empty()), dataset, "raw")
    command = str(caught.value.hint).partition(": ")[2]
    assert shlex.split(command) == ["pennsieve", "dataset", "files", NAME]
