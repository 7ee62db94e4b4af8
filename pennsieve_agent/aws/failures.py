"""Translate botocore's errors to errors that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pennsieve_agent.aws.credential_source import CredentialSource
from pennsieve_agent.errors import AwsError, NotPermitted
from pennsieve_agent.transfer.network import untrusted

_DENIED = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"),
        *("AuthorizationError", "AuthorizationErrorException", "403"),
    }
)
_EXPIRED = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"),
        *("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError"),
        *("LoginRefreshRequired", "LoginTokenLoadError", "RefreshWithMFAUnsupportedError"),
    }
)
UNKNOWN_KEY = frozenset(
    {
        *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"),
        *("SignatureDoesNotMatch", "AuthFailure", "IncompleteSignature", "InvalidToken"),
        "InvalidSignatureException",
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
_CLOCK = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
_OFF = re.compile("Signature expired|Signature not yet current|not yet valid")
"""What AWS says of a signature, and a certificate check, where a clock is behind or ahead."""
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
        frozenset({"ProxyConnectionError"}),
        "the proxy on the way to AWS does not answer, or refused",
        "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment",
    ),
    (
        frozenset({"InvalidProxiesConfigError"}),
        "the proxy on the way to AWS cannot be used",
        "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment",
    ),
    (
        frozenset({"SSLError"}),
        "no secure connection to AWS",
        "check AWS_ENDPOINT_URL, and the proxy, if there is one",
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
    source: CredentialSource = field(default_factory=CredentialSource)

    @property
    def action(self) -> str:
        """The IAM action that it needs, e.g. ``iam:CreateRole``."""
        name = f"{_PREFIXES.get(self.service, self.service)}:{self.operation}"
        return _ACTIONS.get(name, name)

    def command(self, words: str) -> str:
        """A command of the AWS CLI, for the profile in use."""
        return f"{words} --profile {self.source.profile}" if self.source.profile else words


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
    if code == "ConfigParseError":
        return _unreadable(error)
    if code in _DENIED:
        return _denied(text, code, attempt)
    if {code, *_ancestors(error)} & _CONFIG:
        where = attempt.source.place()
    if code == "CredentialRetrievalError" and (wrong := attempt.source.process(error)):
        message, place, advice = wrong
        return AwsError(message, where=place, hint=advice, aws_code=code)
    message, hint = _advice({code, *_ancestors(error)}, code, text, attempt)
    return AwsError(message, where=where, hint=hint, aws_code=code)


def _unreadable(error: Exception) -> AwsError:
    """A file of AWS's that is not in its form; the line, which may hold a secret, is not told."""
    details = getattr(error, "kwargs", {})
    line = re.search(r"\bline:? +(\d+)", str(details.get("error", "")))
    path = str(details.get("path", ""))
    return AwsError(
        "an AWS configuration file cannot be read: its form is not valid",
        where=f"{path}, line {line[1]}" if line else path,
        hint="correct it there: a profile begins once, with [profile NAME], and each line after "
        "it is NAME = VALUE, as plain text in UTF-8",
        aws_code="ConfigParseError",
    )


def unusable_settings(error: Exception, source: CredentialSource) -> AwsError:
    """Our error where botocore stumbles over a setting; its own words may hold a secret."""
    code = type(error).__name__
    if wrong := source.process(error):
        message, where, hint = wrong
        return AwsError(message, where=where, hint=hint, aws_code=code)
    file = error.filename if isinstance(error, OSError) else None
    why = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    return AwsError(
        f"the AWS settings of this machine cannot be used{why}",
        where=str(file) if file else source.place(),
        hint="check the variables that begin with AWS_; see what AWS's own tool says: "
        "aws sts get-caller-identity" + (f" --profile {source.profile}" if source.profile else ""),
        aws_code=code,
    )


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
            where=attempt.source.profile or None,
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
        return attempt.source.expired(console="LoginError" in names)
    if "NoCredentialsError" in names:
        return (
            f"no AWS credentials were found{attempt.source.absent}",
            (
                "sign in with: aws sso login --profile NAME, then add --aws-profile NAME; "
                "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ),
        )
    return _faults(names, code, text, attempt)


def _faults(names: set[str], code: str, text: str, attempt: Attempt) -> tuple[str, str | None]:
    if _OFF.search(text):
        names = {*names, "RequestTimeTooSkewed"}
    if "CERTIFICATE_VERIFY_FAILED" in text and not names & _CLOCK:
        return (
            "no secure connection to AWS: its certificate is not trusted",
            untrusted(),
        )
    for codes, message, hint in _FAULTS:
        if names & codes:
            return message, hint
    if names & _CONFIG:
        return f"the AWS configuration cannot be used: {text}", f"check {attempt.source.config}"
    return f"AWS refused {attempt.action}: {text or code}", None


def _ancestors(error: Exception) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _sentence(error: Exception) -> str:
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        return str(response.get("Error", {}).get("Message") or "").strip().rstrip(".")
    return " ".join(str(error).split()).rstrip(".")
