"""A session with one AWS account: credentials, clients, and one function for every call."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from pennsieve_agent.aws.credential_source import CredentialSource
from pennsieve_agent.aws.failures import (
    NO_ANSWER,
    UNKNOWN_KEY,
    Attempt,
    translate,
    unusable_settings,
)
from pennsieve_agent.aws.open_session import (
    credential_source,
    examine,
    limit,
    refuse_to_ask,
    session_of_files,
    unbound_session,
)
from pennsieve_agent.aws.plain_keys import PlainKeys, plain_keys
from pennsieve_agent.aws.quick_invoke import CONNECT_SECONDS, READ_SECONDS, Invoked, QuickLambda
from pennsieve_agent.aws.read_operations import may_change
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.aws.wrong_settings import check_region, region_variable
from pennsieve_agent.domain.aws_keys import AwsKeys
from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import AwsError

if TYPE_CHECKING:
    from pennsieve_agent.aws.values import AwsIdentity

DEFAULT_REGION = "us-east-1"
"""Where the platform's nodes are (``contracts/resources.md`` section 6, trap 44)."""


_SOURCES = {
    "env": "the environment variables",
    "explicit": "the system's keychain",
    "shared-credentials-file": "the AWS credentials file",
    "config-file": "the AWS config file",
    "assume-role": "an assumed role",
    "assume-role-with-web-identity": "a web identity",
    "sso": "AWS single sign-on",
    "login": "a console sign-in (aws login)",
    "custom-process": "a credential process",
    "container-role": "this container's role",
    "iam-role": "this machine's instance role",
}


class Aws:
    """One AWS account, as one set of credentials sees it.

    Nothing is read or opened before the first call. ``profile`` and ``region`` win over the
    settings. Settings that name their own credentials file (a sandbox's) never fall back to keys
    in the environment: without a profile they mean ``default`` in that file. A profile that AWS's
    files do not name is asked of ``find_keys``. ``provider`` is a way to credentials that are no
    profile's, by botocore's name, such as ``iam-role``; without it botocore goes through all.
    ``can_ask`` says that somebody is there whom botocore may ask for the code of an MFA device.
    ``changing`` is told before an operation that is not known to change nothing.
    """

    def __init__(  # noqa: PLR0913 - what it depends on, each given by tests
        self,
        settings: AwsSettings,
        region: str | None = None,
        profile: str | None = None,
        find_keys: Callable[[str], AwsKeys | None] = lambda _: None,
        provider: str = "",
        *,
        can_ask: bool = False,
        changing: Callable[[], None] = lambda: None,
    ) -> None:
        self._changing = changing
        self._can_ask = can_ask
        self._find_keys = find_keys
        self._provider = provider
        self._settings = settings
        self._region = region or settings.region
        self.profile = profile or settings.profile
        if self.profile is None and settings.credentials_file is not None:
            self.profile = "default"
        self._session: Any = None
        self._region_fits, self._region_place = False, "--region"
        self._clients: dict[str, Any] = {}
        self._identity: AwsIdentity | None = None
        self._quick: QuickLambda | None = None
        self._elsewhere: dict[str, Aws] = {}

    def __enter__(self) -> Self:
        """Itself; leaving closes all connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self._quick is not None:
            self._quick.close()
        for regional in self._elsewhere.values():
            regional.close()

    @property
    def region(self) -> str:
        """The region: what was asked for, else what AWS's own settings say, else us-east-1.

        Raises:
            AwsError: it is none, or in another partition than Pennsieve.

        """
        if self._region is None:
            with self._translated("sts", "get_caller_identity"):
                self._region = self._open().get_config_variable("region") or DEFAULT_REGION
            in_file = self._credential_source().place()
            self._region_place = region_variable(os.environ) or in_file
        if not self._region_fits:
            check_region(self._region, self._region_place)
            self._region_fits = True
        return self._region

    def identity(self) -> AwsIdentity:
        """Whose credentials these are, asked of AWS once.

        Raises:
            AwsError: there are none, they are not usable, or they are the root user's.

        """
        if self._identity is None:
            from pennsieve_agent.aws.values import AwsIdentity  # noqa: PLC0415 - as below

            try:
                answer = self.call("sts", "get_caller_identity")
            except AwsError as error:
                self._explain_region(error)
                raise
            self._identity = _usable(
                AwsIdentity(
                    account_id=str(answer["Account"]),
                    arn=str(answer["Arn"]),
                    user_id=str(answer["UserId"]),
                    region=self.region,
                    source=self._source(),
                )
            )
        return self._identity

    @property
    def endpoint(self) -> str:
        """The address of an emulated AWS; empty for AWS itself."""
        if self._settings.endpoint:
            return self._settings.endpoint
        if self._plain is not None:
            return self._plain.endpoint
        with self._translated("sts", "get_caller_identity"):
            # AWS's own files, or a variable, may name one, too.
            url = str(self._client("sts").meta.endpoint_url)
        return url if is_loopback(url) else ""

    def at(self, region: str) -> Aws:
        """The same account and credentials in a region; itself, where that is its own.

        Closing this session closes those of other regions, too.
        """
        if region == self.region:
            return self
        if region not in self._elsewhere:
            regional = Aws(
                *(self._settings, region, self.profile, self._find_keys, self._provider),
                changing=self._changing,
            )
            regional._can_ask = self._can_ask
            self._elsewhere[region] = regional
        return self._elsewhere[region]

    def signing_keys(self) -> SigningKeys:
        """The keys that calls are signed with now.

        Raises:
            AwsError: there are none (``aws_code`` is NoCredentialsError), or they are unusable.

        """
        if self._plain is not None:
            return self._plain.keys
        from botocore.exceptions import NoCredentialsError  # noqa: PLC0415 - see _translated

        with self._translated("sts", "get_caller_identity"):
            credentials = self._open().get_credentials()
            if credentials is None:
                raise NoCredentialsError
            frozen = credentials.get_frozen_credentials()
            return SigningKeys(frozen.access_key, frozen.secret_key, frozen.token or "")

    def invoke(self, function: str, payload: bytes) -> Invoked:
        """Call a function by its ARN, and wait for its answer.

        Raises:
            AwsError: as for :meth:`call`.

        """
        if self._quick is None and (plain := self._plain) is not None:
            self._quick = QuickLambda(self.region, plain.endpoint, plain.keys, time.time)
        if self._quick is not None and self._quick.fits:
            answer = self._quick.invoke(function, payload)
            if answer is not None:
                return answer
        result = self.call("lambda", "invoke", FunctionName=function, Payload=payload)
        return Invoked(result["Payload"].read(), str(result.get("FunctionError") or ""))

    @cached_property
    def _plain(self) -> PlainKeys | None:
        return plain_keys(self._settings, self.profile, self._provider, os.environ, self._find_keys)

    def _explain_region(self, error: AwsError) -> None:
        """Where credentials are refused, or nobody answers, it may be for the region alone.

        A region that is not enabled refuses good credentials as unknown; one that does not exist
        has no address (AWS, "Enable or disable AWS Regions in your account").

        Raises:
            AwsError: it is the region.

        """
        if self._settings.endpoint or self.region == DEFAULT_REGION:
            return
        hint = f"choose another with: --region {DEFAULT_REGION}"
        if error.aws_code in NO_ANSWER and self.region not in self._known_regions():
            raise AwsError(
                f"there is no AWS region '{self.region}'", hint=hint, aws_code=error.aws_code
            ) from error
        if error.aws_code not in UNKNOWN_KEY:
            return
        home = Aws(self._settings, DEFAULT_REGION, self.profile, self._find_keys, self._provider)
        with home:
            try:
                account = home.call("sts", "get_caller_identity")["Account"]
            except AwsError:
                return
        raise AwsError(
            f"AWS region {self.region} is not enabled in account {account}",
            hint=f"{hint}; or enable it with: aws account enable-region --region-name "
            f"{self.region}",
            aws_code="OptInRequired",
        ) from error

    def _known_regions(self) -> set[str]:
        session = self._open()
        return {
            region
            for partition in session.get_available_partitions()
            for region in session.get_available_regions("sts", partition)
        }

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Do one operation (its botocore name, e.g. ``describe_stacks``) and answer its result.

        Raises:
            NotPermitted: the identity lacks the action, which the message names.
            AwsError: anything else that AWS or the way to it refused.

        """
        if may_change(operation):
            self._changing()
        with self._translated(service, operation):
            result: dict[str, Any] = getattr(self._client(service), operation)(**parameters)
            return result

    def pages(self, service: str, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All pages of a listing operation.

        Raises:
            AwsError: as for :meth:`call`.

        """
        with self._translated(service, operation):
            yield from self._client(service).get_paginator(operation).paginate(**parameters)

    @contextmanager
    def _translated(self, service: str, operation: str) -> Iterator[None]:
        from botocore.exceptions import (  # noqa: PLC0415 - a command without AWS never loads it
            BotoCoreError,
            ClientError,
            ConfigParseError,
        )
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above

        try:
            yield
        except ConfigParseError as error:  # of the file that has the profiles
            raise translate(error, Attempt(service, operation)) from error
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            name = "".join(word.capitalize() for word in operation.split("_"))
            raise translate(error, Attempt(service, name, self._credential_source())) from error
        except RuntimeError as error:  # botocore got credentials that are old already
            source = self._credential_source()
            message, hint = source.expired(console=False)
            raise AwsError(
                message, where=source.place(), hint=hint, aws_code="ExpiredToken"
            ) from error
        except AttributeError as error:  # of a program's JSON that is no object
            if self._credential_source().process(error) is None:
                raise
            raise unusable_settings(error, self._credential_source()) from None
        except (ValueError, OSError, KeyError, TypeError) as error:
            # Botocore raises these where a setting is wrong; what they say may hold a secret.
            raise unusable_settings(error, self._credential_source()) from None
        except EOFError:  # botocore asked for the code of an MFA device
            raise AwsError(
                "no code of the MFA device was given",
                where=self.profile,
                hint="run the command again and type the six digits",
                aws_code="MfaRequired",
            ) from None

    def _open(self) -> Any:
        if self._session is None:
            session = self._session_with_keys() or session_of_files(self._settings, self.profile)
            source = credential_source(session, self._settings, self.profile)
            examine(session, source, self._settings, self.profile)
            if self._provider:
                limit(session, self._provider)
            if not self._can_ask:
                refuse_to_ask(source, self.profile)
            self._session = session
        return self._session

    def _credential_source(self) -> CredentialSource:
        """Where the credentials in use come from; nothing is fetched."""
        return credential_source(self._session, self._settings, self.profile)

    def _session_with_keys(self) -> Any:
        """A session with keys of ours, where the profile is none of AWS's."""
        if self.profile is None:
            return None
        session = unbound_session(self._settings)
        if self.profile in session.available_profiles:
            return None
        keys = self._find_keys(self.profile)
        if keys is None:
            return None
        session.set_credentials(keys.key_id, keys.secret, keys.token or None)
        return session

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            from botocore.config import Config  # noqa: PLC0415 - as above

            endpoint = self._settings.endpoint
            self._clients[service] = self._open().create_client(
                service,
                region_name=self.region,
                endpoint_url=endpoint,
                config=Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    retries={"mode": "standard"},
                    # A name such as bucket.localhost does not resolve everywhere.
                    s3={"addressing_style": "path"} if endpoint else None,
                ),
            )
        return self._clients[service]

    def _source(self) -> str:
        credentials = self._open().get_credentials()
        method = str(getattr(credentials, "method", ""))
        words = _SOURCES.get(method, method or "an unknown place")
        return f"{words}, profile {self.profile}" if self.profile else words


def _usable(identity: AwsIdentity) -> AwsIdentity:
    if identity.partition != "aws":
        raise AwsError(
            f"AWS account {identity.account_id} is in another AWS partition "
            f"({identity.partition}): Pennsieve cannot enter it",
            hint="use an account of AWS's standard partition",
            aws_code="OtherPartition",
        )
    if re.fullmatch(r"arn:[^:]+:(iam|sts)::\d+:root", identity.arn):
        raise AwsError(
            "these are the root user's keys, which no policy can limit, so this program does not "
            "use them",
            where=f"AWS account {identity.account_id}",
            hint="sign in as a user or a role instead, and delete the root user's access keys",
        )
    return identity
