"""Transfer jobs: bring a run's files in, merge what several steps made, and take results out.

It runs as a job of its own, on an image with Python and nothing else, so everything here is the
standard library's. It sees the folder of its run, in which each step has a folder, and is told what
to do by an object in the node's bucket (:mod:`pennsieve_agent.node.jobs.tasks`). It has no token of
anybody's: bytes go directly between storage and the file system, by addresses and keys that the
relay asks for on its behalf (:mod:`.relay`).

* :mod:`.stage_input` says which files come where, :mod:`.upload_results` which go where; the bytes
  are moved by :mod:`pennsieve_agent.transfer`, the same code that the command line uses;
* :mod:`.run_files` is the run's folder: who may read what, and where a link leads;
* :mod:`.merge` makes one folder of several, by links;
* :mod:`.manifests` asks for upload manifests by way of the relay; :mod:`.targets` are the others.
"""
