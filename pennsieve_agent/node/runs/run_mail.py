"""The mail about a run that has ended, where somebody was named."""

from __future__ import annotations

from pennsieve_agent.node.mail.mail_text import of_run
from pennsieve_agent.node.mail.send_mail import Mailing, attempt, place_of, with_dataset
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_document import summary_of
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import RunStore


def mail_end(node: Node, store: RunStore, record: RunRecord) -> bool:
    """Send the mail that is due; whether nothing is left to be sent."""
    if not Mailing.of(record.mail).is_due:
        return True
    summary = with_dataset(node, summary_of(record))
    mail = of_run(record.mail["to"], summary, place_of(node))
    record.mail = attempt(node, record.mail, mail, record.ended)
    store.write(record)
    return not Mailing.of(record.mail).is_due
