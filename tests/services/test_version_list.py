from __future__ import annotations

from pennsieve_agent.services.workflows.version_list import differences


def test_a_command_line_is_told_as_it_is_typed() -> None:
    words = ["{input}", "{output}", "{level}"]
    old = {"steps": [{"id": "a", "command": {"words": words, "bids": "participant"}}]}
    new = {"steps": [{"id": "a", "command": {"words": [*words, "-n", "a b"]}}]}
    (row,) = differences(old, new)
    assert (row.step, row.what) == ("a", "command")
    assert row.before == "{input} {output} {level} (participant)"
    assert row.after == "{input} {output} {level} -n 'a b'"
