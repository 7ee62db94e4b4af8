"""The folders of a run's steps: one tree, which every step of the run sees alike.

The run's folder has a folder for each step, called by :func:`step_folder`, with a sub-folder
``data``: what the step made. A step sees the run's folder at :data:`RUN_MOUNT`, read-only, and over
it its own folder, which it may write. So ``OUTPUT_DIR`` can be removed and made anew, an absolute
link means the same in every step, and what a step made need not be copied for the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

FILES_PREFIX = "files/"
"""Where the file system's files lie in the node's bucket."""
RUNS_FOLDER, LAYERS_FOLDER = "runs", "layers"
"""The folders of the file system: that of all runs' folders, and that of the node's layers."""
SHARED_UID = 100_000
"""The user of layers, and of runs on machines that mount for all of their jobs."""
RUN_MOUNT = "/mnt/run"
MACHINE_FILES = "/mnt/files"
"""Where a machine that mounts for its jobs has the file system."""
LAYERS_MOUNT = "/mnt/layers"
DATA = "data"
"""The sub-folder of a step's folder that is its ``OUTPUT_DIR``."""
_DIGITS = 12


def step_folder(step: str) -> str:
    """The name of a step's folder in that of its run: 12 hex digits, whatever the step's id is."""
    return hashlib.sha256(step.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def merged_folder(step: str) -> str:
    """The name of the folder in which a step finds the files of several steps as links.

    It is beside the step's own, so that the step cannot write in it. No id has a NUL.
    """
    return step_folder(f"{step}\0merged")


def input_folder(step: str, parents: Sequence[str]) -> str:
    """The name of the folder whose ``data`` is a step's ``INPUT_DIR``.

    It is that of the one step before it, or where there are several (or none) its merged one.
    """
    return step_folder(parents[0]) if len(parents) == 1 else merged_folder(step)


def data_path(folder: str) -> str:
    """Where a step sees the ``data`` of a folder of its run."""
    return f"{RUN_MOUNT}/{folder}/{DATA}"
