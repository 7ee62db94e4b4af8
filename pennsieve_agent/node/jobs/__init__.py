"""Jobs on AWS Batch: definitions, access points of EFS, tasks of transfer jobs, submission."""
