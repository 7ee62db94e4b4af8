"""ECR of the emulated account for container engines: push, pull, and sign-in.

A real registry is behind it where one is installed (:mod:`.registry_daemon`), a plain store of
images elsewhere (:mod:`.plain_registry`).
"""
