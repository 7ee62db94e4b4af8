"""The sandbox's process: three ports, from start to stop."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pennsieve_agent import __version__
from pennsieve_agent.sandbox import compute
from pennsieve_agent.sandbox.aws import access_keys
from pennsieve_agent.sandbox.aws import account as aws
from pennsieve_agent.sandbox.aws.functions.function_code import Codes
from pennsieve_agent.sandbox.aws.functions.runtimes import Runtimes
from pennsieve_agent.sandbox.aws.rights.used_rights import UsedRights
from pennsieve_agent.sandbox.aws.services import Extras, KnownKey
from pennsieve_agent.sandbox.compute.compute_parts import ComputeParts
from pennsieve_agent.sandbox.data import upload
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.tables import SCHEMA
from pennsieve_agent.sandbox.host import clock, faults, surfaces
from pennsieve_agent.sandbox.host.config_file import write_profile
from pennsieve_agent.sandbox.host.ports import Listener, bind, bind_next
from pennsieve_agent.sandbox.host.private_files import write_private
from pennsieve_agent.sandbox.host.state import DEFAULT_PORT, HOST, STATE_FILE, Lock, SandboxState
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.surfaces import Settings
from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID, Urls, World

DATABASE_FILE = "sandbox.db"
PORTS = 3


def serve(
    data: Path,
    port: int | None = None,
    settings: Settings | None = None,
    *,
    on_ready: Callable[[SandboxState], None],
    stop: threading.Event,
) -> None:
    """Run a sandbox until ``stop`` is set.

    ``port`` is the first of three; None takes those of the last time, or 9440 and the next two, or
    the next three that are free; 0 takes any free ones. ``on_ready`` is called once, when all three
    answer.

    Raises:
        UsageProblem: a port is in use, or a sandbox is running on this folder already.
        SettingsError: the database or the signing key cannot be used.

    """
    data = data.expanduser().absolute()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = settings or Settings()
    with contextlib.ExitStack() as stack:
        stack.enter_context(Lock(data))
        schemas = [SCHEMA, upload.SCHEMA, compute.SCHEMA]
        store = Store(data / DATABASE_FILE, schemas)
        stack.callback(store.close)
        world, taken = _world(data, store, port, stack)
        parts = _parts(world, settings)
        state = _state(world, parts)
        with store.transaction():  # so that nobody is added between its look and its files
            key = access_keys.write_settings(store, data, world.urls.aws)
        codes = Codes(data / "functions")
        runtimes = Runtimes(codes, data / "functions" / "home", world.urls.aws)
        stack.callback(runtimes.stop)
        parts.compute.machine.find_code = codes.find
        account = aws.Account(data, world.urls.aws, key, _extras(settings, parts, runtimes, data))
        _move(store, world.urls, account)
        apps = _applications(world, settings, parts, account)
        listeners = [Listener(listening, app) for listening, app in zip(taken, apps, strict=True)]
        with store.transaction():
            write_profile(store, state, world.now())
        for listener in listeners:
            listener.start()
            stack.callback(listener.close)
        threading.Thread(target=account.load, name="load AWS", daemon=True).start()
        parts.compute.start()
        stack.callback(parts.compute.stop)
        stack.callback(account.stop)  # first of all: jobs need the ports and the engine to the end
        parts.uploads.start()
        stack.callback(parts.uploads.stop)
        stack.enter_context(_announced(state))
        on_ready(state)
        stop.wait()


def _move(store: Store, urls: Urls, account: aws.Account) -> None:
    """Replace the sandbox's old addresses in the AWS account by its present ones.

    The addresses that may still be in the account are remembered until none of them is.
    """
    here = [urls.api, urls.api2, urls.aws]
    row = store.row("SELECT value FROM settings WHERE name = 'addresses'")
    known: list[list[str]] = json.loads(row["value"]) if row else []
    old = [past for past in known if past != here]
    _remember(store, [here, *old])
    for past in old:
        account.move(dict(zip(past, here, strict=True)))
    _remember(store, [here])


def _remember(store: Store, addresses: list[list[str]]) -> None:
    store.execute(
        "INSERT OR REPLACE INTO settings VALUES ('addresses', ?)", (json.dumps(addresses),)
    )


def _extras(settings: Settings, parts: _Parts, runtimes: Runtimes, data: Path) -> Extras:
    """What the emulated account runs: the node's own code, and jobs by the compute part."""
    people, uploads = access_keys.AwsPeople(parts.store), parts.uploads

    def keys(key: str) -> KnownKey | None:
        if (person := people.find(key)) is not None:
            return KnownKey(person.secret, person.account, person.name)
        secret = uploads.secret(key)
        return KnownKey(secret, PLATFORM_ACCOUNT_ID) if secret else None

    if settings.aws is not None:
        return replace(settings.aws, keys=keys)
    machine, record = parts.compute.machine, UsedRights(data / "aws")
    return Extras(
        runtimes, machine, record, prepare=runtimes.start, ready=runtimes.make_ready, keys=keys
    )


class _Parts:
    def __init__(
        self,
        store: Store,
        files: DatasetFiles,
        uploads: upload.UploadParts,
        compute: ComputeParts,
    ) -> None:
        self.store = store
        self.files = files
        self.uploads = uploads
        self.compute = compute


def _parts(world: World, settings: Settings) -> _Parts:
    directory.seed(world.store, world.now())
    world.datasets.mkdir(exist_ok=True)
    files = DatasetFiles(world)
    uploads = upload.build(
        world,
        files,
        import_seconds=settings.import_seconds,
        key_seconds=settings.storage_key_seconds,
    )
    return _Parts(
        world.store,
        files,
        uploads,
        compute.build(world, files, settings.engine),
    )


def _world(
    data: Path, store: Store, port: int | None, stack: contextlib.ExitStack
) -> tuple[World, list[socket.socket]]:
    """Take the ports, and remember them for the next start."""
    # Ports that were asked for are those or none; the usual ones may be another program's.
    taken = (bind_next if port is None else bind)(_ports(store, port))
    for listening in taken:
        stack.callback(listening.close)
    ports = [listening.getsockname()[1] for listening in taken]
    store.execute(
        "INSERT OR REPLACE INTO settings VALUES ('ports', ?)", (" ".join(map(str, ports)),)
    )
    urls = Urls(*(f"http://{HOST}:{number}" for number in ports))
    return World(data, store, urls, clock.now), taken


def _ports(store: Store, port: int | None) -> list[int]:
    if port is None:
        row = store.row("SELECT value FROM settings WHERE name = 'ports'")
        if row is not None:
            return [int(number) for number in row["value"].split(" ")]
    first = DEFAULT_PORT if port is None else port
    return [first + step if first else 0 for step in range(PORTS)]


def _applications(
    world: World, settings: Settings, parts: _Parts, account: aws.Account
) -> tuple[Any, Any, Any]:
    apps = surfaces.build(
        world,
        parts.files,
        settings,
        parts.compute.routes,
        parts.compute.callback,
        parts.uploads,
    )
    faults.remember(world.store, settings.faults)
    v1, v2 = (_with_faults(app, settings) for app in (apps.v1, apps.v2))
    return v1, v2, aws.front(apps.sign_in, account.guarded(parts.uploads.gate(account)))


def _with_faults(app: Any, settings: Settings) -> Any:
    return faults.Faults(app, settings.faults) if settings.faults else app


def _state(world: World, parts: _Parts) -> SandboxState:
    return SandboxState(
        pid=os.getpid(),
        api=world.urls.api,
        api2=world.urls.api2,
        aws=world.urls.aws,
        data=world.data,
        engine=parts.compute.engine_name,
        version=__version__,
        engine_place=parts.compute.engine_place,
    )


@contextlib.contextmanager
def _announced(state: SandboxState) -> Iterator[None]:
    path = state.data / STATE_FILE
    write_private(path, state.dump())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
