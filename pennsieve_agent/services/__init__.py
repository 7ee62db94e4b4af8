"""What the commands do, without a terminal: look up, register, grant, start, follow.

A service composes adapters (the platform, git, the engine's compiler) into one thing a person
wants, and takes the clock and a place for notes as arguments. It returns values and raises errors;
it prints nothing.

    new_workflow  a working start: the files of a repository, around the script there is
    workflows     code: registered, built, put on own nodes
    grants        which workflow may use which dataset, and a workflow's own identity
    runs          runs: prepared, started once, found on all nodes, followed
    receipts      what exactly a run or a batch did, as a folder, and whether one was changed
    batches       many runs of one workflow, one for each subject of a dataset
    files         a dataset's files: paths, upload, download
    nodes         what is known of compute nodes

``run start`` goes through them so: :mod:`.runs.prepare_run` checks all that was typed,
:mod:`.runs.start_run` starts it once, and :mod:`.runs.follow_run` shows its log.

Changing the AWS account is a larger matter and has a package of its own,
:mod:`pennsieve_agent.account`.
"""
