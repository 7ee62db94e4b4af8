"""One request to Pennsieve, from an authorised call down to the socket.

:mod:`.surface` is a call to one of the two hosts, :mod:`.auth` the session that signs it,
:mod:`.transport` sends it, again where that is safe, over the connections of :mod:`.network`;
:mod:`.decode` and :mod:`.failures` read what came back. No route of Pennsieve is known here.
"""
