"""Which results are shown as pictures."""

from __future__ import annotations

import base64
import copy
import re

import pytest

from pennsieve_agent.domain.receipt.page.pictures import Picture, picture_of
from pennsieve_agent.domain.receipt.page.whole import render
from tests.domain.receipt.examples import run_receipt
from tests.domain.receipt.page.receipts import jpeg_head, png

PATH = "results/spike-rate-1c20/raster.png"
SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
)


def images(page: str) -> list[str]:
    return re.findall(r'<img src="([^"]*)"', page)


@pytest.mark.parametrize(
    ("data", "picture"),
    [
        (png(30, 20), Picture("image/png", 30, 20)),
        (jpeg_head(640, 480), Picture("image/jpeg", 640, 480)),
        (png(30, 20, filler=190_000), Picture("image/png", 30, 20)),
        (png(30, 20, filler=200_000), None),  # too many bytes
        (png(30, 20)[:16] + b"\0\1\0\0" * 2, None),  # so many pixels that they fill a memory
        (png(30, 20)[:16] + b"\0\0\0\0" * 2, None),
        (png(30, 20)[:12], None),
        (jpeg_head(640, 480)[:24], None),
        (b"\xff\xd8\xff\xd8" * 100, None),
        (SVG, None),
        (b"GIF89a" + b"\1\0" * 8, None),
        (b"", None),
    ],
)
def test_a_picture_is_told_by_its_bytes(data: bytes, picture: Picture | None) -> None:
    assert picture_of(data) == picture


def test_a_result_that_is_a_picture_is_shown() -> None:
    data = png(30, 20)
    page = render(run_receipt(), {PATH: data})
    assert images(page) == [f"data:image/png;base64,{base64.b64encode(data).decode()}"]
    assert 'alt="The picture raster.png of the results" width="30" height="20"' in page


def test_what_is_no_picture_is_listed_and_not_shown() -> None:
    page = render(run_receipt(), {PATH: SVG})
    assert images(page) == []
    assert "1 picture more: too large for this page, or neither PNG nor JPEG." in page
    assert page.count("raster.png") == 1
    assert "alert" not in page


def test_what_is_among_no_results_is_not_shown() -> None:
    assert images(render(run_receipt(), {"elsewhere.png": png(30, 20)})) == []


def test_all_pictures_together_take_three_megabytes_at_most() -> None:
    receipt = copy.deepcopy(run_receipt())
    file = receipt["outputs"]["files"][1]
    data = png(30, 20, filler=190_000)
    files = [{**file, "path": f"out/{number}.png"} for number in range(40)]
    receipt["outputs"]["files"] = files
    page = render(receipt, {row["path"]: data for row in files})
    shown = images(page)
    assert 3_000_000 - 260_000 < sum(map(len, shown)) <= 3_000_000
    assert f"{40 - len(shown)} pictures more" in page
