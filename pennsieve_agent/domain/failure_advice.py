"""What to try after a run has failed, told from the reason in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from posixpath import commonpath
from shlex import quote

from pennsieve_agent.domain.globs import literal
from pennsieve_agent.domain.runs import Run

_MEMORY = "start it again with more memory for that step: {again} --memory-on-oom x2"
_ADVICE = (
    (r"memory|exit code 137", _MEMORY),
    (r"time limit of the run", "start it again with more time: {again} --time-limit TIME"),
    (r"time limit was reached", "start it again with more time: {again} --time-limit TIME"),
    (r"cost limit of the run", "start it again with a higher limit: {again} --max-cost USD"),
    (r"budget of the compute node", ("raise the budget: pennsieve compute update {node} "
     "--monthly-budget USD; or wait for the next month")),
    (r"took its machine back", "start it again without --spot, or with: {again} --retries 2"),
    (r"no machine (for it|available)", "start it again later; or on other machines: {again}"),
    (r"more processors than|none of the compute node's machines",
     ("give the step fewer processors in its manifest; see the node's limits: "
      "pennsieve compute show {node}")),
    (r"image could not be pulled|its network does not lead|could not be (mounted|started)",
     "check the node: pennsieve compute doctor {node}"),
    (r"secret could not be read", "check the node's secrets: pennsieve secret list {node}"),
    (r"\bgrant", ("let the workflow use the dataset again: "
     "pennsieve dataset grant {workflow} -d {dataset}")),
    (r"exit code 12[67]\b", ("the program was not found or is not executable: check the Dockerfile "
      "with: pennsieve workflow check")),
    (r"exit code \d", "run the code on this machine to see why: {here}"),
    (r"cannot be downloaded|packages? .* not in|not in the dataset|in the dataset any more",
     "check that the files are in the dataset: pennsieve dataset files {dataset}"),
)  # fmt: skip


_FEW = 3
"""So many files are named one by one; of more, the folder that they are in."""


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """What a run has read: ``dataset`` is a name or an id, ``paths`` are empty if unknown."""

    dataset: str
    paths: Sequence[str] = ()


def advice(reason: str, run: Run, read: Callable[[], ReadFiles] | None = None) -> str:
    """What to try, with the command to type; empty where nobody can tell.

    ``read`` is asked where the run should be repeated on this machine.
    """
    for pattern, words in _ADVICE:
        if re.search(pattern, reason):
            is_here = "{here}" in words
            files = read() if is_here and read else ReadFiles(run.dataset_id)
            return words.format(
                again=f"pennsieve run retry {run.typed}",
                here=_here(run, files),
                node=quote(run.node_name or run.node_uuid),
                workflow=quote(run.workflow_name),
                dataset=run.dataset_id,
            )
    return ""


def _here(run: Run, files: ReadFiles) -> str:
    """The command that runs the same on this machine."""
    paths = list(files.paths)
    if len(paths) > _FEW:
        paths = [folder] if (folder := commonpath(paths)) else []
    chosen = [f"--files {quote(literal(path))}" for path in paths] or ["--all"]
    settings = [
        f"-p {quote(f'{step}.{name}={value}')}"
        for step, values in run.parameters.items()
        for name, value in values.items()
        if value
    ]
    begin = f"pennsieve run start --local -w {quote(run.workflow_name)} -d {quote(files.dataset)}"
    return " ".join([begin, *chosen, *settings])
