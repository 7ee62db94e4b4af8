"""Where selected files lie in a step's input."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.input_layout import Layout, has_files_at_top, local_paths
from pennsieve_agent.domain.step_files import input_folder, merged_folder, step_folder
from pennsieve_agent.errors import UsageProblem

NAMES = st.sampled_from(["a", "b", "raw"])
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), min_size=1, max_size=6)


def local(layout: Layout, *paths: str) -> list[str]:
    return [str(path) for path in local_paths(paths, layout)]


@pytest.mark.parametrize(
    ("paths", "tree"),
    [
        (("raw/nii/1.nii", "raw/nii/2.nii"), ["1.nii", "2.nii"]),
        (("raw/a/1.nii", "raw/b/2.nii"), ["a/1.nii", "b/2.nii"]),
        (("raw/a/1.nii", "raw/2.nii"), ["a/1.nii", "2.nii"]),
        (("raw/a/1.nii", "2.nii"), ["raw/a/1.nii", "2.nii"]),
        (("raw/a/1.nii",), ["1.nii"]),
        (("raw/a", "rawer/a"), ["raw/a", "rawer/a"]),
        ((), []),
    ],
)
def test_a_tree_leaves_out_what_all_files_share(paths: tuple[str, ...], tree: list[str]) -> None:
    assert local(Layout.TREE, *paths) == tree


def test_flat_puts_every_file_at_the_top() -> None:
    assert local(Layout.FLAT, "raw/a/1.nii", "2.nii", "2.nii") == ["1.nii", "2.nii", "2.nii"]


def test_flat_refuses_equal_names_and_names_both() -> None:
    with pytest.raises(UsageProblem, match=r"called '1\.nii': 'a/1\.nii' and 'b/1\.nii'") as found:
        local(Layout.FLAT, "a/1.nii", "b/2.nii", "b/1.nii")
    assert "--layout tree" in str(found.value.hint)


@given(PATHS)
def test_two_files_never_lie_in_one_place(paths: list[str]) -> None:
    tree = local_paths(paths, Layout.TREE)
    assert len(set(tree)) == len(set(paths))
    assert [place.name for place in tree] == [path.rpartition("/")[2] for path in paths]
    try:
        flat = local_paths(paths, Layout.FLAT)
    except UsageProblem:
        return
    assert len(set(flat)) == len(set(paths))
    assert all(len(place.parts) == 1 for place in flat)


def test_whether_a_program_that_lists_the_top_finds_a_file() -> None:
    assert has_files_at_top([PurePosixPath("a/1"), PurePosixPath("2")])
    assert not has_files_at_top([PurePosixPath("a/1"), PurePosixPath("b/2")])
    assert not has_files_at_top([])


def test_folders_of_steps_are_names_whatever_the_step_is_called() -> None:
    names = ["in", "../x", "ü" * 200, "a/b", "run", "layers", "transfer", "work/merge"]
    folders = {step_folder(name) for name in names} | {merged_folder("work")}
    assert len(folders) == len(names) + 1
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in folders)


def test_input_is_that_of_the_one_step_before_or_a_merged_folder() -> None:
    assert input_folder("work", ("in",)) == step_folder("in")
    assert input_folder("work", ("a", "b")) == input_folder("work", ()) == merged_folder("work")
