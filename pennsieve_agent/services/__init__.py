"""What the commands do, without a terminal: look up, register, grant, start, follow.

A service composes adapters (the platform, git, the engine's compiler) into one thing a person
wants, and takes the clock and a place for notes as arguments. It returns values and raises errors;
it prints nothing. Changing the AWS account is a larger matter and has a package of its own,
:mod:`pennsieve_agent.account`.
"""
