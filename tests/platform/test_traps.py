"""Every trap of the contracts is tested here, handled elsewhere, or not a client's to handle."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.platform.traps import COUNTS, ELSEWHERE, NOT_OURS

NAME = re.compile(r"def test_((?:core|resources|workflows)_\d\d)_")


@pytest.mark.parametrize("contract", COUNTS)
def test_no_trap_is_forgotten(contract: str) -> None:
    source = Path(__file__).with_name(f"test_traps_{contract}.py").read_text()
    tested = set(NAME.findall(source))
    listed = {name for name in (*ELSEWHERE, *NOT_OURS) if name.startswith(contract)}
    every = {f"{contract}_{number:02}" for number in range(1, COUNTS[contract] + 1)}
    assert tested | listed == every
    assert not tested & listed
    assert not ELSEWHERE.keys() & NOT_OURS.keys()
