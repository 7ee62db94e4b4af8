"""Jobs on AWS Batch: definitions, access points of files, tasks of transfer jobs, submission.

Where the files of a run are, why, and what they cost, is in ``node/FILES.md``.
"""
