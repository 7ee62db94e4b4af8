"""Jobs on AWS Batch: definitions, access points of files, tasks of transfer jobs, submission."""
