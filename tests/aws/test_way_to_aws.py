"""The certificates and the proxy on the way to AWS are those of Pennsieve's side, and are named."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import certifi
import pytest

from pennsieve_agent.aws.quick_invoke import QuickLambda
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.transfer import temporary_folders
from pennsieve_agent.transfer.network import BUNDLES, FOLDER, network
from tests.aws.refusals import ARN, KEYS, no_answer, refused
from tests.aws.test_session import IDENTITY, answering
from tests.transfer.test_sender import certificate

__all__ = ["certificate", "no_answer"]  # fixtures


class Identity(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = IDENTITY.format(arn=ARN).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def secure(certificate: Path) -> Iterator[str]:
    """AWS STS over TLS, with a certificate that nobody signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(("127.0.0.1", 0), Identity) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("name", BUNDLES)
def test_one_setting_of_certificates_serves_aws_and_pennsieve(
    name: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {**KEYS, name: str(certificate)}.items():
        monkeypatch.setenv(key, value)
    with secure(certificate) as url, Aws(AwsSettings()) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert aws.identity().arn == ARN


def folder_of(certificate: Path, folder: Path) -> Path:
    """A folder that OpenSSL looks into, with one certificate."""
    folder.mkdir()
    asked = ("openssl", "x509", "-hash", "-noout", "-in", str(certificate))
    name = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    (folder / f"{name}.0").write_bytes(certificate.read_bytes())
    return folder


@pytest.mark.parametrize("name", [*BUNDLES, FOLDER])
def test_a_folder_of_certificates_serves_aws_and_pennsieve(
    name: str, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(certificate, tmp_path / "certificates")
    value = f"/no/such:{folder}" if name == FOLDER else str(folder)
    for key, text in {**KEYS, name: value}.items():
        monkeypatch.setenv(key, text)
    with secure(certificate) as url, Aws(AwsSettings()) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert aws.identity().arn == ARN
        context = network({name: value}).trust()
        port = int(url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as safe,
        ):
            assert safe.version()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (FOLDER, "/no/such", "is not a folder"),
        (FOLDER, "/", "is not a folder of certificates"),
        ("SSL_CERT_FILE", "/", "is not a folder of certificates"),
    ],
)
def test_a_folder_without_certificates_is_named(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = refused(monkeypatch, {**KEYS, name: value})
    assert (error.where, f"{name} '{value}' {message}" in error.message) == (name, True)


@pytest.mark.parametrize("name", [None, "REQUESTS_CA_BUNDLE"])
def test_a_certificate_that_is_not_trusted_names_the_setting(
    name: str | None, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {name: certifi.where()} if name else {}
    with secure(certificate) as url:
        error = refused(monkeypatch, {**KEYS, **others, "AWS_ENDPOINT_URL": url})
    assert error.message == "no secure connection to AWS: its certificate is not trusted"
    assert f"set {name or 'SSL_CERT_FILE'} to its certificate file" in (error.hint or "")


@pytest.mark.parametrize("name", [*BUNDLES, FOLDER])
def test_a_function_is_called_over_a_folder_of_certificates_too(
    name: str, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(folder_of(certificate, tmp_path / "certificates")))
    with secure(certificate) as url:
        quick = QuickLambda("us-east-1", url, SigningKeys("k", "s", ""), lambda: 0.0)
        answer = quick.invoke("function", b"{}")
        quick.close()
    assert answer is not None
    assert ARN in answer.payload.decode()


def test_certificates_that_cannot_be_read_are_left_to_the_long_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such.pem")
    quick = QuickLambda("us-east-1", "https://127.0.0.1:1", SigningKeys("k", "s", ""), lambda: 0.0)
    assert quick.invoke("function", b"{}") is None


def test_certificates_of_a_killed_command_are_swept(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, temporary = folder_of(certificate, tmp_path / "certificates"), tmp_path / "temporary"
    temporary.mkdir()
    program = (
        "from pennsieve_agent.aws.session import Aws\n"
        "from pennsieve_agent.domain.profile import AwsSettings\n"
        "Aws(AwsSettings()).signing_keys()\n"
        "print('ready', flush=True)\n"
        "input()\n"
    )
    child_environment = {**os.environ, **KEYS, FOLDER: str(folder), "TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=child_environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert [file.name for file in temporary.rglob("*.pem")] == ["certificates.pem"]
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert list(temporary.iterdir())
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    temporary_folders.sweep()
    assert not list(temporary.iterdir())


def test_a_proxy_that_is_not_there_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = {"HTTPS_PROXY": "http://ada:not-to-be-told@127.0.0.1:1", "NO_PROXY": ""}
    error = refused(monkeypatch, {**KEYS, **proxy, "AWS_ENDPOINT_URL": "https://sts.example.org"})
    assert error.message.startswith("the proxy on the way to AWS")
    assert "HTTPS_PROXY" in (error.hint or "")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("value", ["socks5://proxy:1", "http://proxy:port", "http://"])
def test_a_proxy_that_cannot_be_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {name: value, "NO_PROXY": "", "AWS_ENDPOINT_URL": "https://sts.example.org"}
    error = refused(monkeypatch, {**KEYS, **variables})
    assert error.where == name
    assert error.message.startswith(f"{name} '{value}' cannot be used")


def test_a_proxy_of_all_addresses_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"ALL_PROXY": "http://127.0.0.1:1", "AWS_ENDPOINT_URL": "https://sts.example.org"}
    error = refused(monkeypatch, {**KEYS, **variables, "NO_PROXY": ""})
    assert error.message.startswith("the proxy on the way to AWS")


def test_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    with answering(IDENTITY.format(arn=ARN), "200 OK") as (url, _):
        for name, value in {**KEYS, "HTTP_PROXY": "http://127.0.0.1:1"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with Aws(AwsSettings()) as aws:
            assert aws.identity().arn == ARN
