"""AWS CodeBuild of the emulated account: builds that run a project's buildspec for real.

:mod:`.projects` are what a stack makes, :mod:`.builds` starts and ends builds, :mod:`.builds_api`
answers for them, :mod:`.build_machine` runs the commands with this machine's Docker engine, and
:mod:`.aws_command` is the AWS CLI that CodeBuild's images have.
"""
