"""Pennsieve on the command line: analysis at scale, with compute you own.

The program signs in to Pennsieve, makes the scientist's own AWS account a place where
analysis runs, registers workflows from git, grants them datasets, starts runs and follows
them. Imports point downwards::

    cli         commands: parse, compose, call; the one error boundary
    console     what the user sees: values in, text out
    services    what a command does: register, grant, start, follow
    account     changing the user's AWS account: observe, plan, show, apply
    sandbox     a Pennsieve platform and an AWS account in one local process
    local       the node on this machine: a run's steps, without AWS
    contract    the platform's documented answers as checks
    check       what is wrong with workflow code, before it is built
    node        what runs in the user's AWS account: functions and transfer jobs
    transfer    files to and from storage, for a command and for a node's transfer job
    engine      compile a run plan; run a step with Docker or as a plain process
    platform    talking to Pennsieve
    aws         talking to AWS             (the only user of boto3)
    source      git repositories and their manifests
    settings    profiles and the keychain
    domain      what things are; standard library only
    errors      what can go wrong; exit codes

This module holds the version and imports nothing, so that ``pennsieve --version`` is instant.
"""

__version__ = "0.1.0"
