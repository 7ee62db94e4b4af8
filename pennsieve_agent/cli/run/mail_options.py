"""``--mail`` and ``--mail-to``: an own node mails the end, whether anybody waits or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pathlib import Path

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.mail import MailTo as To
    from pennsieve_agent.services.runs.run_request import Prepared

Mail = Annotated[
    bool,
    typer.Option("--mail", help="At its end, an own node mails your address on Pennsieve."),
]
MailTo = Annotated[
    str | None,
    typer.Option("--mail-to", metavar="ADDRESS", help="The same, to another address."),
]


@dataclass(frozen=True, slots=True)
class MailTyped:
    """What was typed. ``own``: the user's address on Pennsieve is meant."""

    own: bool = False
    to: str | None = None

    def __bool__(self) -> bool:
        """Whether a mail was asked for."""
        return self.own or self.to is not None

    @property
    def option(self) -> str:
        """How it was asked for."""
        return "--mail-to" if self.to is not None else "--mail"

    def check(self) -> None:
        """Refuse an address that no mail can be sent to.

        Raises:
            UsageProblem: it is one.
        """
        from pennsieve_agent.domain.mail import address_problem

        if self.to is not None and (why := address_problem(self.to)):
            raise UsageProblem(
                f"--mail-to '{self.to}' cannot be used: {why}", hint="for example: ada@example.org"
            )

    def address(self, context: Context) -> str:
        """The address that is meant; empty for none.

        Raises:
            UsageProblem: the user's own is not known, or nothing can be sent there.
        """
        from pennsieve_agent.domain.mail import address_problem

        if not self or self.to is not None:
            return self.to or ""
        own = context.claimed.email
        if why := address_problem(own):
            what = f"'{own}' cannot be used: {why}" if own else "is not known"
            raise UsageProblem(
                f"your e-mail address on Pennsieve {what}", hint="name another: --mail-to ADDRESS"
            )
        return own


NO_MAIL = MailTyped()


def ask(context: Context, ready: Prepared) -> None:
    """Have AWS ask the address of a run or batch that is about to start; say what is to be done.

    Raises:
        NodeError: the node cannot mail it.
    """
    from pennsieve_agent.domain.mail import MailStatus
    from pennsieve_agent.services.runs import run_mail

    node = ready.own_node
    if ready.mail is None or node is None:
        return
    mail = run_mail.ask_address(node, context.node_calls(node), ready.mail)
    if mail.status is not MailStatus.CONFIRMED:
        context.streams.note(
            f"AWS has sent a mail to {mail.to}: open it and click 'Confirm subscription'; before "
            "that no other mail comes"
        )
        if (folder := _sandbox_mails(context)) is not None:
            context.streams.note(f"a sandbox writes mails as files: {folder}")


def _sandbox_mails(context: Context) -> Path | None:
    """Where the sandbox of the profile writes its mails; None where it is none, or not known."""
    from pennsieve_agent.cli.web import sandbox_folder

    if context.profile.hosts.hosted:
        return None
    root = sandbox_folder(context)
    return None if root is None else root / "mail"


def words(mail: To | None, sent: str = "", *, is_over: bool = False) -> str:
    """Who is told of an end, and what he has to do for it; ``sent`` is when he was, in words."""
    from pennsieve_agent.domain.mail import MailStatus

    if mail is None:
        return ""
    if mail.sent:
        return f"sent to {mail.to} {sent or mail.sent}"
    if mail.reason:
        return f"not sent to {mail.to}: {mail.reason}"
    todo = {
        MailStatus.PENDING: "not confirmed yet: open the mail from AWS and click 'Confirm "
        "subscription'",
        MailStatus.NONE: "AWS first asks by a mail whether it may",
    }
    more = f" ({todo[mail.status]})" if mail.status in todo else ""
    return f"to {mail.to} {'in the next minutes' if is_over else 'when it ends'}{more}"
