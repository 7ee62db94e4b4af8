"""The mail about a batch that has ended: its summary, and the first rows that did not succeed."""

from __future__ import annotations

from pennsieve_agent.domain.batches import BatchRow, RowStatus
from pennsieve_agent.domain.run_results import own_folder
from pennsieve_agent.node.batches.batch_head import BatchHead
from pennsieve_agent.node.batches.batch_store import BatchStore
from pennsieve_agent.node.batches.batch_summary import page_of_rows, summary
from pennsieve_agent.node.mail.mail_text import MOST_ROWS, Mail, of_batch
from pennsieve_agent.node.mail.send_mail import place_of, with_dataset
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_document import FOLDER
from pennsieve_agent.node.records.version_document import writes

_NOT_DONE = frozenset({RowStatus.FAILED.value, RowStatus.CANCELED.value, RowStatus.SKIPPED.value})


def batch_mail(node: Node, store: BatchStore, head: BatchHead) -> Mail:
    """The mail to whoever is to be told."""
    place = place_of(node)
    rows: list[BatchRow] = []
    if not place.compliant:
        rows, _ = page_of_rows(store, head, 0, MOST_ROWS, _NOT_DONE)
    about = with_dataset(node, summary(store, head)) | {"folder": _folder(store, head)}
    return of_batch(head.mail["to"], about, rows, place)


def _folder(store: BatchStore, head: BatchHead) -> str:
    """The folder of the dataset in which each subject has one; empty where nothing is delivered."""
    try:
        if not writes(store.version(head)):
            return ""
    except LookupError:
        return ""
    typed = (str(target[FOLDER]) for target in head.targets.values() if target.get(FOLDER))
    return next(typed, own_folder(head.name)).strip("/")
