"""Amazon S3 Files, which moto lacks: file systems over a prefix of a bucket, with real folders.

What it does and refuses is from the service's model in botocore and the pages of "Working with
Amazon S3 Files" in the Amazon S3 User Guide
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files.html).
"""
