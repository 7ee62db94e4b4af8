"""Large code is packed and sent with a word on why it takes a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from pennsieve_agent.services.workflows import workflow_images


@pytest.mark.parametrize(
    ("size", "notes"),
    [
        (155_000_000, ["packing spike-rate and sending it to each node: 155 MB"]),
        (1_000_000, []),
    ],
)
def test_only_large_code_is_announced(tmp_path: Path, size: int, notes: list[str]) -> None:
    (tmp_path / "below").mkdir()
    with (tmp_path / "below" / "data.bin").open("wb") as file:
        file.truncate(size)  # a hole: it takes no room
    (tmp_path / "link").symlink_to("below")
    said: list[str] = []
    workflow_images.tell_large(tmp_path, "spike-rate", said.append)
    assert said == notes
