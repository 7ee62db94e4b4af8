"""What the commands do, without a terminal: look up, register, grant, start, follow.

A service composes adapters (the platform, git, the engine's compiler) into one thing a person
wants, and takes the clock and a place for notes as arguments. It returns values and raises errors;
it prints nothing.

* Code: :mod:`.workflows` registers it, :mod:`.builds` decides who builds it, :mod:`.images` and
  :mod:`.node_versions` put it on own nodes.
* Rights: :mod:`.grants` with :mod:`.identities`, a workflow's own users on Pennsieve.
* Runs: :mod:`.submit` and :mod:`.submit_own` prepare one, :mod:`.start` starts it once,
  :mod:`.all_runs` finds it on own nodes (:mod:`.node_runs`) and on those that Pennsieve runs
  (:mod:`.pennsieve_runs`), :mod:`.follow` follows it.
* Files: :mod:`.upload`, :mod:`.download`, and the ``transfer`` modules that they share.

Changing the AWS account is a larger matter and has a package of its own,
:mod:`pennsieve_agent.account`.
"""
