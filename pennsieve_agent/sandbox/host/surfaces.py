"""The sandbox's two surfaces and its sign-in, made of their routes."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pennsieve_agent.sandbox import compute
from pennsieve_agent.sandbox.aws.services import Extras
from pennsieve_agent.sandbox.data import upload, v1_answers
from pennsieve_agent.sandbox.data.datasets import (
    collaborators,
    dataset_status,
    dataset_webhooks,
    datasets,
)
from pennsieve_agent.sandbox.data.datasets.dataset_changes import DatasetChanges
from pennsieve_agent.sandbox.data.datasets.shared_datasets import Shared
from pennsieve_agent.sandbox.data.datasets.sharing import Sharing
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.github import GitHub
from pennsieve_agent.sandbox.data.packages import packages
from pennsieve_agent.sandbox.data.packages.downloads import Downloads
from pennsieve_agent.sandbox.data.packages.manifests import Manifests
from pennsieve_agent.sandbox.data.packages.package_changes import PackageChanges
from pennsieve_agent.sandbox.data.packages.package_files import PackageFiles
from pennsieve_agent.sandbox.data.people import notifications, signed_in, webhooks
from pennsieve_agent.sandbox.data.people.members import Members
from pennsieve_agent.sandbox.data.people.teams import Teams
from pennsieve_agent.sandbox.data.tables import SCHEMA
from pennsieve_agent.sandbox.data.upload import UploadParts
from pennsieve_agent.sandbox.data.upload.importing import IMPORT_SECONDS
from pennsieve_agent.sandbox.data.upload.storage_keys import KEY_SECONDS
from pennsieve_agent.sandbox.host import clock
from pennsieve_agent.sandbox.host.faults import Plan
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import Urls, World
from pennsieve_agent.sandbox.http import cognito
from pennsieve_agent.sandbox.http.authorizers import (
    CACHE_SECONDS,
    Callback,
    V1Authorizer,
    V2Authorizer,
)
from pennsieve_agent.sandbox.http.routing import Response, Route, Surface
from pennsieve_agent.sandbox.http.sign_in import TOKEN_SECONDS, Identity
from pennsieve_agent.sandbox.http.tokens import Signer


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set about the sandbox.

    ``authorizer_cache_seconds`` above 0 makes v2 remember decisions as the real gateway does, for
    :data:`~pennsieve_agent.sandbox.http.authorizers.CACHE_SECONDS`. An uploaded file is imported
    ``import_seconds`` after finalize. ``faults`` is what goes wrong on purpose. ``aws`` is what
    the emulated AWS account is given beyond its own.
    """

    token_seconds: int = TOKEN_SECONDS
    authorizer_cache_seconds: float = 0
    engine: str | None = None
    import_seconds: float = IMPORT_SECONDS
    storage_key_seconds: float = KEY_SECONDS
    faults: Plan | None = None
    aws: Extras | None = None


@dataclass(frozen=True, slots=True)
class Surfaces:
    """The WSGI applications of the three ports; ``sign_in`` is only a part of the third."""

    v1: Surface
    v2: Surface
    sign_in: Surface


def build(
    world: World,
    files: DatasetFiles,
    settings: Settings,
    compute_routes: Iterable[Route] = (),
    callback: Callback | None = None,
    uploads: UploadParts | None = None,
) -> Surfaces:
    """Make the surfaces; the compute part brings its routes and knows runs' callback tokens."""
    skew = settings.faults.skew_seconds if settings.faults else 0.0
    dated = replace(world, now=lambda: world.now() + skew) if skew else world
    identity = Identity(dated, Signer(world.data), settings.token_seconds)
    manifests = Manifests(world, files)
    v1 = Surface(
        _v1_routes(world, files, identity, manifests),
        V1Authorizer(identity),
        content_type="application/json;charset=utf-8",
        not_found=v1_answers.not_found,
    )
    v2 = Surface(
        [
            *Downloads(world, files, manifests).routes(),
            *Shared(world).routes(),
            *notifications.routes(),
            *GitHub(world).routes(),
            *compute_routes,
            *(uploads.routes if uploads else ()),
        ],
        V2Authorizer(
            world,
            identity,
            callback,
            settings.authorizer_cache_seconds or _remembered(settings.faults),
            uploads.dataset_of if uploads else None,
        ),
        content_type="application/json",
        not_found=_gateway_not_found,
    )
    sign_in = Surface(
        cognito.routes(identity),
        V1Authorizer(identity),  # no route of it asks for a caller
        content_type=cognito.CONTENT_TYPE,
        not_found=_gateway_not_found,
    )
    return Surfaces(v1, v2, sign_in)


def _remembered(plan: Plan | None) -> float:
    return CACHE_SECONDS if plan is not None and plan.caches else 0


def _v1_routes(
    world: World, files: DatasetFiles, identity: Identity, manifests: Manifests
) -> list[Route]:
    groups = (
        DatasetChanges(world, files),
        PackageChanges(world, files),
        PackageFiles(world, files, manifests),
        Sharing(world),
        Members(world),
        Teams(world),
    )
    return [
        *signed_in.routes(world, identity),
        *datasets.routes(world, files),
        *dataset_status.routes(world),
        *packages.routes(world, files),
        *collaborators.routes(world),
        *webhooks.routes(world),
        *dataset_webhooks.routes(world),
        *itertools.chain.from_iterable(group.routes() for group in groups),
    ]


def _gateway_not_found(method: str, path: str) -> Response:
    del method, path
    return Response(404, {"message": "Not Found"})


def all_routes() -> list[tuple[str, str, str, str]]:
    """Every route of a sandbox: surface, method, pattern, and its handler's qualified name.

    Made of the same parts as a running sandbox, in a folder that is thrown away; nothing listens
    and no thread is started. The table of what is covered is generated from it.
    """
    with tempfile.TemporaryDirectory() as folder:
        schemas = [SCHEMA, upload.SCHEMA, compute.SCHEMA]
        with closing(Store(Path(folder) / "routes.db", schemas)) as store:
            world = World(Path(folder), store, Urls("", "", ""), clock.now)
            files = DatasetFiles(world)
            parts = compute.build(world, files, "process")
            uploads = upload.build(world, files)
            apps = build(world, files, Settings(), parts.routes, uploads=uploads)
            routes = [
                (surface, route.method, route.pattern, _name(route.handler))
                for surface, app in (("v1", apps.v1), ("v2", apps.v2), ("aws", apps.sign_in))
                for route in app.routes
            ]
    return sorted(routes)


def _name(handler: object) -> str:
    inner = getattr(handler, "func", handler)  # a partial's own function
    return f"{inner.__module__}.{getattr(inner, '__qualname__', type(inner).__qualname__)}"
