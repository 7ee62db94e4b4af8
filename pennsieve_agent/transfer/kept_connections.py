"""Whether a connection that was kept can still be used."""

from __future__ import annotations

import select
import socket


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed a connection on which nothing was asked.

    Then there is something to read: the end. A server that sends what nobody asked for cannot be
    understood either.
    """
    if hasattr(select, "poll"):  # which, unlike select, knows file descriptors above 1023
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([connection], [], [], 0)[0])
