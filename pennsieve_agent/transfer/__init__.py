"""Moving files between this machine, or a compute node, and Pennsieve's storage.

The command line and the transfer job of a node use the same code, so it is the standard library's
alone, with what :mod:`pennsieve_agent.domain` says of files and :mod:`pennsieve_agent.errors`. It
asks Pennsieve nothing itself: who calls hands in what gives addresses, keys and manifests. What is
said to a person belongs to the callers, too.

``pennsieve dataset download`` walks through it like this: ``services/files/download.py`` asks for
signed addresses and hands them to

* :mod:`.download`, which keeps several in flight (:mod:`.workers`: few threads where storage is
  near, more where it is far);
* :mod:`.fetch` brings one file: new addresses for those that ended, waits, checksum, name;
* :mod:`.part_file` is the file while it is not complete: *here is decided where to resume*;
* :mod:`.receive` says what an answer of storage means, :mod:`.digests` hashes beside the reading;
* :mod:`.sender` sends requests on kept connections, :mod:`.reply` reads the answers,
  :mod:`.network` knows proxies and certificates.

``pennsieve dataset upload`` and a node's delivery: :mod:`.upload` registers files in a manifest,
stores and finalizes them, and writes each step into a :mod:`.journal` before the next;
:mod:`.object_store` is the little of S3 that this takes, signed by :mod:`.sigv4` with
:mod:`.keys` that are renewed, :mod:`.bodies` what is sent.

No file is ever in memory as a whole, none has its name before it is complete, and nobody's token
goes to storage.
"""
