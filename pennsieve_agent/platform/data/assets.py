"""Viewer assets of a dataset (v2, ``contracts/core.md`` 3.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pennsieve_agent.domain.assets import (
    READY,
    AssetListing,
    NewAsset,
    PropertyValue,
    ReadingKeys,
    ViewerAsset,
)
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.platform.data.storage_keys import decode_keys
from pennsieve_agent.platform.http.decode import Fields, parse
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.http.times import iso

_ASSETS = "/packages/assets"


class Assets:
    """The assets of datasets. Viewers of a dataset read them, editors change them."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def create(
        self,
        dataset_id: str,
        name: str,
        kind: str,
        package_ids: Iterable[str] = (),
        properties: Mapping[str, PropertyValue] | None = None,
    ) -> NewAsset:
        """Make an asset of some packages, or of none, and get keys to put its objects. Sent once.

        Route: POST v2 /packages/assets

        Raises:
            Forbidden: the user is not an editor of the dataset.
            PlatformError: the answer names no place below which to write.

        """
        body: dict[str, object] = {"name": name, "asset_type": kind}
        if properties:
            body["properties"] = dict(properties)
        if linked := list(package_ids):
            body["package_ids"] = linked
        reply = self._v2.post_record(_ASSETS, body, query={"dataset_id": dataset_id})
        return NewAsset(
            asset=_asset(reply.need_record("asset")),
            keys=decode_keys(reply.need_record("upload_credentials")),
        )

    def list(self, dataset_id: str, package_id: str = "") -> AssetListing:
        """The assets of a package; without one, only those that no package has.

        Route: GET v2 /packages/assets
        """
        query = {"dataset_id": dataset_id, "package_id": package_id or None}
        reply = self._v2.get_record(_ASSETS, query)
        return AssetListing(
            assets=tuple(_asset(row) for row in reply.records("assets")),
            keys=_reading_keys(reply.record("cloudfront")),
        )

    def get(self, dataset_id: str, asset_id: str) -> ViewerAsset:
        """One asset.

        Route: GET v2 /packages/assets/{id}

        Raises:
            NotFound: there is none in that dataset.

        """
        return _inner(self._v2.get_record(_one(asset_id), {"dataset_id": dataset_id}))

    def change(
        self,
        dataset_id: str,
        asset_id: str,
        *,
        ready: bool = False,
        properties: Mapping[str, PropertyValue] | None = None,
        package_ids: Iterable[str] | None = None,
    ) -> None:
        """Say that an asset's objects are there, or replace its properties or its packages.

        Route: PATCH v2 /packages/assets/{id}

        Raises:
            UsageProblem: nothing is to change.
            NotFound: there is none in that dataset.

        """
        body: dict[str, object] = {"status": READY} if ready else {}
        if properties is not None:
            body["properties"] = dict(properties)
        if package_ids is not None:
            body["package_ids"] = list(package_ids)
        if not body:
            raise UsageProblem("no change of the asset was given", hint="give at least one")
        query = {"dataset_id": dataset_id}
        self._v2.call("PATCH", _one(asset_id), query=query, body=body, repeatable=True)

    def delete(self, dataset_id: str, asset_id: str) -> None:
        """Delete an asset.

        Route: DELETE v2 /packages/assets/{id}
        """
        self._v2.delete(_one(asset_id), {"dataset_id": dataset_id})

    def formats(self) -> object:
        """The formats of files that the platform knows, as it sends them.

        Route: GET v2 /packages/formats

        The contract does not say what they look like.
        """
        return parse(self._v2.call("GET", "/packages/formats"))


def _one(asset_id: str) -> str:
    return f"{_ASSETS}/{segment(asset_id)}"


def _inner(item: Fields) -> ViewerAsset:
    """An asset that comes by itself, or beside what opens it: the contract does not say which."""
    return _asset(item.record("asset") if isinstance(item.raw("asset"), dict) else item)


def _asset(item: Fields) -> ViewerAsset:
    return ViewerAsset(
        id=item.need_text("id"),
        name=item.text("name"),
        kind=item.text("asset_type"),
        status=item.text("status"),
        url=item.text("asset_url"),
        package_ids=item.texts("package_ids"),
        properties=item.record("properties").plain(),
        created_at=iso(item.raw("created_at")),
    )


def _reading_keys(item: Fields) -> ReadingKeys | None:
    policy, signature = item.text("policy"), item.text("signature")
    if not policy or not signature:
        return None
    return ReadingKeys(item.text("base_url"), item.text("key_pair_id"), policy, signature)
