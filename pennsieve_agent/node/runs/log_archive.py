"""The archive of a run's log: one zip, made in as many passes as its size takes.

A pass ends in time for a function, and what is decided is in the run's record, so that the next
goes on: parts of the zip are parts of a multipart upload, which are at least 5 MB
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html); less is put aside until then.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import IO, Any

from pennsieve_agent.node.jobs.step_secrets import hidden_of
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.amounts import amount_in
from pennsieve_agent.node.records.run_record import JobKind, RunRecord
from pennsieve_agent.node.runs.run_logs import MOST_LINES, LogReading
from pennsieve_agent.node.table import DOCUMENTS

PASS_SECONDS = 45.0
"""After which a pass ends; less than a lease, and than a function may take."""
PASS_BYTES = 128 * 1024 * 1024
"""Of a part of the zip; it lies on the function's disk, which has 512 MB."""
LEAST_PART = 5 * 1024 * 1024
_STAMP_BYTES = 15
"""Of a line's time and of its end."""
_NO_UPLOAD = "NoSuchUpload"
_MOVES = {JobKind.STAGE: "staged_bytes", JobKind.DELIVER: "delivered_bytes"}
_ENTRY = (
    *("filename", "date_time", "compress_type", "CRC", "compress_size", "file_size"),
    *("header_offset", "flag_bits", "create_system", "create_version", "extract_version"),
)
"""What the directory of a zip says of a file."""


def archive_key(run: str) -> str:
    """Where the archive of a run's logs lies in the bucket."""
    return f"logs/{run}.zip"


def is_archived(record: RunRecord) -> bool:
    """Whether the archive is whole; earlier versions of the node did not note it."""
    return not record.archive or bool(record.archive.get("done"))


def archive(node: Node, record: RunRecord) -> bool:
    """Make a pass; whether the archive is whole. A log that is gone is left out."""
    known = {name: record.archive[name] for name in _State.__slots__ if name in record.archive}
    state, tried = _State(**known), record.archive.get("tried", 0)
    if state.done:
        return True
    try:
        _Pass(node, record, state, node.now()).run()
    except Exception as error:
        if aws_code(error) != _NO_UPLOAD:
            raise
        state = _State()  # it was completed, or given up by the bucket's rules: it is made again
    record.archive = {"done": True} if state.done else {**asdict(state), "tried": tried}
    record.log_bytes = state.logged
    kinds = {job.step: job.kind for job in record.work}
    for kind, name in _MOVES.items():
        moved = (size for step, size in state.moved.items() if kinds.get(step) is kind)
        setattr(record, name, sum(moved))
    return state.done


@dataclass(slots=True)
class _State:
    """How far the archive is. ``step`` is a place in the run's steps, ``token`` one in its log.

    ``moved`` are the bytes that transfer jobs say they moved, by step; the last such line counts.
    """

    done: bool = False
    upload: str = ""
    tags: list[str] = field(default_factory=list)
    sent: int = 0
    aside: bool = False
    entries: list[list[Any]] = field(default_factory=list)
    step: int = 0
    token: str = ""
    logged: int = 0
    moved: dict[str, int] = field(default_factory=dict)


class _Sink:
    """A file of which the beginning is elsewhere."""

    def __init__(self, file: IO[bytes], before: int) -> None:
        self._file, self._before = file, before
        self.write, self.flush = file.write, file.flush

    def tell(self) -> int:
        return self._before + self._file.tell()

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation("seek")


@dataclass(slots=True)
class _Pass:
    """One pass of a run's archive."""

    node: Node
    record: RunRecord
    state: _State
    began: float

    def run(self) -> None:
        with tempfile.TemporaryFile() as file:
            if self.state.aside:
                file.write(self._storage.get_object(**self._aside)["Body"].read())
            self._write(file)
            self._send(file)

    def _write(self, file: IO[bytes]) -> None:
        state, sink = self.state, _Sink(file, self.state.sent)
        zipped = zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED)  # type: ignore[call-overload]
        zipped.filelist += map(_entry, state.entries)
        try:
            self._add_logs(zipped, file)
            if state.done:
                zipped.close()
        finally:
            zipped.fp = None  # it is never closed by itself: what is not whole goes on
        state.entries = [[getattr(info, name) for name in _ENTRY] for info in zipped.filelist]

    def _add_logs(self, zipped: zipfile.ZipFile, file: IO[bytes]) -> None:
        state = self.state
        if not state.entries:
            zipped.writestr("run.json", json.dumps(_about(self.record), indent=1))
        hidden = hidden_of(self.node, self.record)
        steps = list(dict.fromkeys(job.step for job in self.record.work))
        while state.step < len(steps):  # at least a page of one, however little time there is
            step = steps[state.step]
            name = _free_name(step, {info.filename for info in zipped.filelist})
            with zipped.open(name, "w", force_zip64=True) as part:
                for page in self._pages(step, hidden, file):
                    part.write("".join(f"{r['timestamp']} {r['message']}\n" for r in page).encode())
            if not state.token:
                state.step += 1
            if self._is_full(file):
                break
        state.done = state.step >= len(steps)

    def _pages(
        self, step: str, hidden: Sequence[str], file: IO[bytes]
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        reading = LogReading(self.node, self.record, step)
        while True:
            page = reading.page(MOST_LINES, self.state.token, hidden)
            self.state.token = page["next"]
            self._count(step, page["messages"])
            yield page["messages"]
            if not self.state.token or self._is_full(file):
                return

    def _count(self, step: str, lines: Sequence[Mapping[str, Any]]) -> None:
        state = self.state
        state.logged += sum(len(str(row["message"]).encode()) + _STAMP_BYTES for row in lines)
        for row in lines:
            if (moved := amount_in(str(row["message"]))) is not None:
                state.moved[step] = moved

    def _is_full(self, file: IO[bytes]) -> bool:
        return file.tell() >= PASS_BYTES or self.node.now() - self.began >= PASS_SECONDS

    def _send(self, file: IO[bytes]) -> None:
        """Keep what was written: all of it at once, as a part, or aside where that is too small."""
        state, size = self.state, file.tell()
        file.seek(0)
        if not state.done and size < LEAST_PART:
            self._storage.put_object(**self._aside, Body=file)
            state.aside = True
            return
        state.aside = False
        if state.done and not state.upload:
            self._storage.put_object(**self._place, Body=file)
            return
        if not state.upload:
            state.upload = self._storage.create_multipart_upload(**self._place)["UploadId"]
        upload = {**self._place, "UploadId": state.upload}
        answer = self._storage.upload_part(**upload, PartNumber=len(state.tags) + 1, Body=file)
        state.tags, state.sent = [*state.tags, str(answer["ETag"])], state.sent + size
        if state.done:
            parts = [{"ETag": tag, "PartNumber": n} for n, tag in enumerate(state.tags, 1)]
            self._storage.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    @property
    def _storage(self) -> Any:
        return self.node.client("s3")

    @property
    def _place(self) -> dict[str, str]:
        return {"Bucket": self.node.settings.bucket, "Key": archive_key(self.record.run)}

    @property
    def _aside(self) -> dict[str, str]:
        return {**self._place, "Key": f"{DOCUMENTS}runs/{self.record.run}/archive.part"}


def _about(record: RunRecord) -> dict[str, Any]:
    plan = {key: value for key, value in record.plan.items() if key != "sources"}
    return {"run": record.run, "outcome": record.outcome, "reason": record.reason, "plan": plan}


def _free_name(step: str, taken: Collection[str]) -> str:
    """The name of a step's log, or of what follows where a pass ended in it."""
    stem = step.replace("/", "_")
    names = (f"{stem}{f'.{number}' if number > 1 else ''}.log" for number in count(1))
    return next(name for name in names if name not in taken)


def _entry(row: Sequence[Any]) -> zipfile.ZipInfo:
    values = dict(zip(_ENTRY, row, strict=True))
    info = zipfile.ZipInfo(values["filename"], tuple(values["date_time"]))
    for name in _ENTRY[2:]:
        setattr(info, name, values[name])
    return info
