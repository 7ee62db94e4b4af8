"""What the user sees: values in, text out.

:class:`~pennsieve_agent.console.streams.Streams` is the terminal: results go to standard output,
everything else to standard error, and it is the only thing here that writes. All other modules are
functions from domain values to text: tables and details for people, documents for ``--json``.
On a terminal there is colour and columns fit the width; in a pipe there are tabs, no colour and
full values, so that nothing has to be guessed or cut. rich is imported only when a terminal is
there to see it.
"""
