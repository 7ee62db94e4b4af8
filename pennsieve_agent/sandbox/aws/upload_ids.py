"""Ids of multipart uploads that are the same when the journal's requests are made again."""

from __future__ import annotations

import functools
from typing import Any


def seed_upload_ids() -> None:
    """Make moto take them from its seeded numbers; calling it again changes nothing.

    It takes them from the system's, so that after a restart the parts of a journalled upload would
    be of no upload that is known.
    """
    from moto.moto_api._internal import mock_random  # noqa: PLC0415 - slow
    from moto.s3 import models  # noqa: PLC0415 - slow

    if getattr(models.FakeMultipart, "is_seeded", False):
        return

    class SeededUpload(models.FakeMultipart):
        is_seeded = True

        @functools.wraps(models.FakeMultipart.__init__)  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.id = f"{mock_random.getrandbits(8 * models.UPLOAD_ID_BYTES):x}"

    models.FakeMultipart = SeededUpload  # type: ignore[misc]
