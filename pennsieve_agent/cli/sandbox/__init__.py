"""``pennsieve sandbox``: a Pennsieve and an AWS account on this machine.

Belongs here: what is typed. The sandbox itself is :mod:`pennsieve_agent.sandbox`, which is imported
when a command runs, and is missing where it is not installed.
"""
