"""AWS Batch of the emulated account: :mod:`.jobs` as data, :mod:`.batch` runs them.

:mod:`.batch_api` is the protocol, :mod:`.containers` checks what ECS checks before a container
starts, :mod:`.job_log` writes to CloudWatch.
"""
