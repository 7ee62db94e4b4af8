"""A bucket is in one region, and a request that was signed for another is refused.

Amazon S3 API Reference, "Error responses" (AuthorizationHeaderMalformed,
AuthorizationQueryParametersError):
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. boto3 asks again where the
answer says; whoever follows a link cannot.
"""

from __future__ import annotations

from pennsieve_agent.sandbox.aws.rights.encrypted_things import region_of_bucket
from pennsieve_agent.sandbox.aws.rights.policy_check import Answer
from pennsieve_agent.sandbox.aws.wire import AwsRequest


def elsewhere(request: AwsRequest, *, link: bool) -> Answer | None:
    """The refusal of a request for a bucket of another region; None where it is right."""
    if request.service != "s3" or request.operation == "CreateBucket":
        return None
    region = region_of_bucket(request.text("Bucket"))
    if region in {"", request.region}:
        return None
    where = f"the region '{request.region}' is wrong; expecting '{region}'"
    code, begin = (
        ("AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter")
        if link
        else ("AuthorizationHeaderMalformed", "The authorization header is malformed")
    )
    error = (
        f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{begin}; {where}</Message>"
        f"<Region>{region}</Region></Error>"
    )
    headers = (("Content-Type", "application/xml"), ("x-amz-bucket-region", region))
    return Answer("400 Bad Request", error.encode(), headers)
