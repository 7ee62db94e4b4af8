"""The emulated AWS account: moto, with what moto lacks added around it.

:mod:`.account` is its port: each request is read (:mod:`.wire`), its signature and the caller's
policies are checked (:mod:`.rights`), it is held to the service's model, quotas and rates
(:mod:`.limits`), and it is answered by a service of ours (:mod:`.services`) or
by moto; what changed something is written to the :mod:`.request_journal`, so that a restart can
make it again. :mod:`.stacks` makes CloudFormation do with a node's stack what AWS does.

    limits      what a service's model, its quotas and its rates refuse
    rights      signatures, principals, policies: requests that are refused in AWS's words
    functions   Lambda and EventBridge: the code that was deployed runs, and nothing else
    batch       the jobs of AWS Batch, and the containers they run in
    codebuild   CodeBuild: builds of images that run with this machine's Docker engine
    registry    ECR as engines speak to it
    sns         Amazon SNS: who gets mails, and mails as files
    s3files     S3 Files: file systems over a part of a bucket, with folders of this machine
"""
