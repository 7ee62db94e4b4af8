"""The messages between transfer jobs and the relay: tasks, and requests to Pennsieve.

A transfer job's environment has names alone; what to transfer lies as JSON in the node's bucket, as
a list of packages may be long. The job sends Pennsieve nothing itself: it calls the relay with
``{"relay": {"run", "method", "path", "query", "body"}}``, which answers ``{"status", "body"}``;
:func:`relay_allows` says what is passed on, with the run's own token, which the job never sees.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from pennsieve_agent.domain.input_layout import Layout
from pennsieve_agent.domain.step_files import RUN_MOUNT, step_folder
from pennsieve_agent.transfer import sigv4

RUN_DIR = "RUN_DIR"
"""Tells a transfer job where the folder of its run is; each step has a folder in it."""
RECEIPT_PATH, OUTPUTS_PATH = "/node/receipt", "/node/outputs"
"""What a transfer job asks of the node itself: a run's receipt, and to note what it delivered."""
LAYERS_DIR = "LAYERS_DIR"
"""Tells a job where the node's layers are, if it uses or fills one."""
MOST_SLUG = 64
"""Characters of a step's name in other names; CloudWatch takes 512 in the name of a stream."""


class TaskKind(StrEnum):
    """What a transfer job does."""

    STAGE_IN = "stage-in"
    MERGE = "merge"
    DELIVER = "deliver"
    CLEAN = "clean"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to transfer. ``parents`` are the steps whose files are meant.

    ``target`` is a target type of the platform (``contracts/workflows.md`` 2.5) with its
    ``params``. ``steps`` are all steps of the run, whose folders are made; ``before`` those that
    have ended when this task begins, into whose files a link may lead; ``sources`` those of them
    that brought input. ``uid`` is the user whose the run's files are. ``layout`` is how input lies.
    ``continues`` is whether the files go into the step's own output instead of a merged folder.
    ``files`` is the run in whose folder they are, empty for this one.
    """

    kind: TaskKind
    run: str
    step: str
    dataset: str = ""
    packages: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    target: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    layout: Layout = Layout.TREE
    steps: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    uid: int = 0
    continues: bool = False
    files: str = ""

    @property
    def folder(self) -> str:
        """The run whose folder its files are in."""
        return self.files or self.run

    def to_json(self) -> str:
        """As it lies in the bucket."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str | bytes) -> Self:
        """As it was written.

        Raises:
            KeyError, TypeError, ValueError: it is something else.

        """
        values = json.loads(text)
        names = ("packages", "parents", "steps", "before", "sources")
        lists = {name: tuple(values.get(name, ())) for name in names}
        words = {"kind": TaskKind(values["kind"]), "layout": Layout(values.get("layout", "tree"))}
        return cls(**{**values, **words, **lists})


def object_key(run: str, step: str, kind: TaskKind) -> str:
    """Where a task lies in the node's bucket."""
    return f"runs/{run}/{step_slug(step)}.{kind}.json"


def state_key(run: str, step: str) -> str:
    """Where lies what a delivery has decided that a function does."""
    return f"runs/{run}/{step_slug(step)}.state.json"


def step_slug(step: str) -> str:
    """A step's id as a part of names, of at most 64 characters: two ids never have one slug."""
    slug = re.sub(r"[^A-Za-z0-9-]", lambda match: f"_{ord(match[0]):x}_", step) or "_"
    if len(slug) < MOST_SLUG:
        return slug
    digest = step_folder(step)
    return f"{slug[: MOST_SLUG - len(digest) - 1]}-{digest}"


def transfer_environment(
    values: Mapping[str, str], run: str, step: str, kind: TaskKind
) -> dict[str, str]:
    """The environment of a transfer job; ``values`` are region, bucket, code_key, relay."""
    variables = {f"NODE_{name.upper()}": value for name, value in values.items() if value}
    return {**variables, "MOVER_TASK": object_key(run, step, kind), RUN_DIR: RUN_MOUNT}


_START = """
def start():
    import re, sys, tempfile, urllib.request
    bucket, key = os.environ["NODE_BUCKET"], os.environ["NODE_CODE_KEY"]
    region = os.environ["NODE_REGION"]
    url = place("s3", region, os.environ.get("NODE_ENDPOINT", "")) + "/" + bucket + "/" + key
    headers = signed("GET", url, "s3", region, keys_of_task())
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
        code = answer.read()
    if hashlib.sha256(code).hexdigest() != re.search("[0-9a-f]{64}", key)[0]:
        sys.exit("the node's code is not what it should be; nothing was run")
    file = tempfile.NamedTemporaryFile(suffix=".zip", delete=False)
    file.write(code)
    file.close()
    sys.path.insert(0, file.name)
    from pennsieve_agent.node.transfer_job.main import main
    sys.exit(main())


start()
"""


def transfer_command() -> list[str]:
    """The command of a transfer job: fetches the node's code, checks it, and runs it."""
    return ["python3", "-c", f"{inspect.getsource(sigv4)}\n{_START}"]


@dataclass(frozen=True, slots=True)
class RelayRequest:
    """A request of a transfer job to Pennsieve, through the relay."""

    run: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


_DATASET_ROUTES = {
    ("POST", "/packages/download-manifest"),
    ("GET", "/datasets/manifest"),
    ("POST", "/upload/manifest"),
    ("POST", "/upload/manifest/storage-credentials"),
    ("POST", "/upload/manifest/files/finalize"),
    ("POST", "/packages/assets"),
    ("GET", "/packages/assets"),
}
_ASSET = re.compile(r"/packages/assets/[0-9A-Za-z-]+")


def relay_allows(request: RelayRequest, dataset: str) -> bool:
    """Whether a transfer job may ask this: files of its run's dataset, and the run's outputs."""
    if (request.method, request.path) == ("PUT", f"/compute/workflows/runs/{request.run}/outputs"):
        return True
    known = (request.method, request.path) in _DATASET_ROUTES or (
        request.method == "PATCH" and bool(_ASSET.fullmatch(request.path))
    )
    return known and bool(dataset) and request.query.get("dataset_id") == dataset
