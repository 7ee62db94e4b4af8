"""Translate botocore's errors to errors that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pennsieve_agent.errors import AwsError, NotPermitted

_DENIED = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"),
        *("AuthorizationError", "AuthorizationErrorException", "403"),
    }
)
_EXPIRED = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
        *("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError"),
        *("LoginRefreshRequired", "LoginTokenLoadError", "RefreshWithMFAUnsupportedError"),
    }
)
UNKNOWN_KEY = frozenset(
    {
        *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"),
        *("SignatureDoesNotMatch", "AuthFailure", "IncompleteSignature", "InvalidToken"),
        *("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
    }
)
_SLOW_DOWN = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled"),
        *("TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "LimitExceededException"),
        *("RequestThrottledException", "ProvisionedThroughputExceededException", "PriorRequest"),
    }
)
_CLOCK = frozenset({"RequestTimeTooSkewed", "InvalidSignatureException"})
_NO_REGION = frozenset({"OptInRequired", "InvalidRegionError", "UnknownEndpointError"})
NO_ANSWER = frozenset({"HTTPClientError", "ConnectionError", "EndpointConnectionError"})
_CONFIG = frozenset(
    {
        *("ConfigParseError", "ConfigNotFound", "InvalidConfigError", "PartialCredentialsError"),
        *("InfiniteLoopConfigError", "UnknownCredentialError", "MissingDependencyException"),
    }
)

# The first line that matches counts. A credential process may have printed anything, so the
# text of CredentialRetrievalError is not repeated.
_FAULTS: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        _CLOCK,
        "AWS refused a signature: this machine's clock may be wrong",
        "compare with the real time: date -u",
    ),
    (
        UNKNOWN_KEY,
        "AWS does not accept these credentials",
        "check the AWS credentials; a temporary key also needs its AWS_SESSION_TOKEN",
    ),
    (
        _SLOW_DOWN,
        "AWS refused too many requests in a short time",
        "wait a minute, then try again",
    ),
    (
        _NO_REGION,
        "this AWS region does not exist or is not enabled in the account",
        "choose another with: --region us-east-1",
    ),
    (
        NO_ANSWER,
        "AWS does not answer",
        "check the network, the proxy and AWS_ENDPOINT_URL",
    ),
    (
        frozenset({"ResponseParserError"}),
        "the answer did not come from AWS",
        "check the network, the proxy and AWS_ENDPOINT_URL",
    ),
    (
        frozenset({"CredentialRetrievalError"}),
        "the AWS credentials could not be fetched",
        "see why with: aws sts get-caller-identity",
    ),
)

# Where IAM has other names than botocore, for actions and for services.
_ACTIONS = {
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:DeleteObjects": "s3:DeleteObjectVersion",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "lambda:Invoke": "lambda:InvokeFunction",
}
_PREFIXES = {
    "efs": "elasticfilesystem",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z*]+)")
_RESOURCE = re.compile(r"on resource: (arn:\S+)")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was being done when AWS refused."""

    service: str
    operation: str
    profile: str | None = None

    @property
    def action(self) -> str:
        """The IAM action that it needs, e.g. ``iam:CreateRole``."""
        name = f"{_PREFIXES.get(self.service, self.service)}:{self.operation}"
        return _ACTIONS.get(name, name)

    def sign_in(self, *, console: bool) -> str:
        """The command that renews a session, of a console sign-in or of single sign-on."""
        return self.command("aws login" if console else "aws sso login")

    def command(self, words: str) -> str:
        """A command of the AWS CLI, for the profile in use."""
        return f"{words} --profile {self.profile}" if self.profile else words


def aws_code(error: Exception) -> str:
    """The code AWS gave, or the name of botocore's own error."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        code = response.get("Error", {}).get("Code")
        if code:
            return str(code)
    return type(error).__name__


def translate(error: Exception, attempt: Attempt) -> AwsError:
    """Our error for an error of botocore's. Its text never has a secret in it.

    Only the code decides which error it is; AWS's sentence is used to name the missing action and
    the resource, as the code does not.
    """
    code, text = aws_code(error), _sentence(error)
    where = f"{attempt.service} {attempt.operation}"
    if code in _DENIED:
        return _denied(text, code, attempt)
    message, hint = _advice({code, *_ancestors(error)}, code, text, attempt)
    return AwsError(message, where=where, hint=hint, aws_code=code)


def _denied(text: str, code: str, attempt: Attempt) -> NotPermitted:
    action, resource = _ACTION.search(text), _RESOURCE.search(text)
    why = ""
    if "service control policy" in text:
        why = " by a service control policy of your organisation"
    elif "permissions boundary" in text:
        why = " by a permissions boundary"
    elif "MultiFactorAuthentication" in text:
        return NotPermitted(
            "AWS refused the code of the MFA device, or requires one",
            where=attempt.profile,
            hint="wait for the next code, then run the command again; test it with: "
            + attempt.command("aws sts get-caller-identity"),
            aws_code=code,
        )
    elif "explicit deny in an identity-based policy" in text:
        why = " because of an explicit Deny in a policy; some apply until you sign in with MFA"
    return NotPermitted(
        f"AWS refused {action.group(1) if action else attempt.action}{why}",
        where=resource.group(1).rstrip(".") if resource else None,
        hint="ask the administrator of the AWS account to allow this action, "
        "or use other credentials with: --aws-profile NAME",
        aws_code=code,
    )


def _advice(names: set[str], code: str, text: str, attempt: Attempt) -> tuple[str, str | None]:
    if names & _EXPIRED:
        command = attempt.sign_in(console="LoginError" in names)
        return "the AWS session has expired", f"sign in to AWS again with: {command}"
    if "NoCredentialsError" in names:
        return (
            "no AWS credentials were found",
            (
                "sign in with: aws sso login --profile NAME, then add --aws-profile NAME; "
                "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ),
        )
    if "ProfileNotFound" in names:
        return (
            f"there is no AWS profile called '{attempt.profile or 'default'}'",
            "list them with: pennsieve aws list",
        )
    return _faults(names, code, text, attempt)


def _faults(names: set[str], code: str, text: str, attempt: Attempt) -> tuple[str, str | None]:
    if "Signature expired" in text:
        names = {*names, "RequestTimeTooSkewed"}
    for codes, message, hint in _FAULTS:
        if names & codes:
            return message, hint
    if names & _CONFIG:
        return f"the AWS configuration cannot be used: {text}", "check ~/.aws/config"
    return f"AWS refused {attempt.action}: {text or code}", None


def _ancestors(error: Exception) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _sentence(error: Exception) -> str:
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        return str(response.get("Error", {}).get("Message") or "").strip().rstrip(".")
    return " ".join(str(error).split()).rstrip(".")
