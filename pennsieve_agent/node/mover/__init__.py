"""Transfer jobs: bring a run's files in, merge what several steps made, and take results out.

It runs as a job of its own, on an image with Python and nothing else, so everything here is the
standard library's. It sees the folder of its run, in which each step has a folder, and is told what
to do by an object in the node's bucket (:mod:`pennsieve_agent.node.tasks`). It has no token of
anybody's: bytes go directly between storage and the file system, by addresses and keys that the
reconciler asks for on its behalf (:mod:`.relay`).

* :mod:`.stage` downloads, several files at once, going on where an earlier attempt stopped;
* :mod:`.run_files` is the run's folder: who may read what, and where a link leads;
* :mod:`.merge` makes one folder of several, by links;
* :mod:`.deliver` uploads through a manifest; what it has decided is written down before it is done,
  so that a repeated job uploads nothing twice;
* :mod:`.storage` is the little of S3 that an upload needs.

No file is ever in memory as a whole.
"""
