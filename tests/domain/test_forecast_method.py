"""Estimates are held to account: over simulated histories, the band holds in eight of ten runs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import product

import pytest

from pennsieve_agent.domain.forecast import Band
from pennsieve_agent.domain.forecast_method import (
    PastRun,
    basis,
    batch_seconds,
    chosen,
    of_batch,
    seconds_of,
    usd_of,
)

GB = 1024**3
Law = Callable[[float], float]
LAWS: dict[str, Law] = {
    "always the same": lambda _: 300.0,
    "linear": lambda size: size / 1e7,
    "with a start": lambda size: 120.0 + size / 1e7,
    "square root": lambda size: 3.0 * math.sqrt(size / 1e6),
    "more than linear": lambda size: 5.0 * (size / 1e7) ** 1.3,
    "n log n": lambda size: 60.0 + size / 1e7 * math.log(size + 2) / 20,
}
Noise = Callable[[random.Random], float]
NOISES: dict[str, Noise] = {
    "small": lambda chance: math.exp(chance.gauss(0, 0.05)),
    "usual": lambda chance: math.exp(chance.gauss(0, 0.3)),
    "large": lambda chance: math.exp(chance.gauss(0, 0.7)),
    "uniform": lambda chance: chance.uniform(0.5, 2),
    "sometimes ten times": lambda chance: (
        math.exp(chance.gauss(0, 0.2)) * (chance.uniform(3, 10) if chance.random() < 0.08 else 1)
    ),
}


def seeded(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311 - the same in each run of this test


def sizes(chance: random.Random, spread: float) -> float:
    return math.exp(chance.gauss(math.log(2 * GB), spread))


def run(size: float, seconds: float, version: str = "v1") -> PastRun:
    return PastRun(version, size, seconds, seconds / 1000)


def ran(law: Law, noise: Noise, chance: random.Random, spread: float) -> PastRun:
    size = sizes(chance, spread)
    return run(size, law(size) * noise(chance))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 30])
def test_the_band_holds_in_eight_of_ten_runs(count: int) -> None:
    """Over all laws and noises together, and hardly less for the worst of them."""
    shares = {}
    for law, noise in product(LAWS, NOISES):
        held = 0
        for seed in range(60):
            chance = seeded(f"{law} {noise} {count} {seed}")
            spread = chance.choice([0.3, 1, 2])
            runs = [ran(LAWS[law], NOISES[noise], chance, spread) for _ in range(count)]
            new = ran(LAWS[law], NOISES[noise], chance, spread)
            band, cost = seconds_of(runs, "v1", new.size), usd_of(runs, "v1", new.size)
            assert band is not None
            assert cost is not None
            assert new.seconds is not None
            held += band.low <= new.seconds <= band.high
            assert cost.expected == pytest.approx(band.expected / 1000)
        shares[law, noise] = held / 60
    assert sum(shares.values()) / len(shares) >= 0.8
    assert min(shares.values()) >= 0.65, min(shares, key=lambda pair: shares[pair])


def test_the_band_of_a_batch_holds_in_eight_of_ten() -> None:
    held = [
        one.low <= sum(run.seconds or 0 for run in new) <= one.high
        for law, noise, seed in product(LAWS, NOISES, range(6))
        for chance in [seeded(f"{law} {noise} {seed}")]
        for runs in [[ran(LAWS[law], NOISES[noise], chance, 0.7) for _ in range(6)]]
        for new in [[ran(LAWS[law], NOISES[noise], chance, 0.7) for _ in range(20)]]
        for one in [of_batch([band(runs, run.size) for run in new])]
    ]
    assert sum(held) / len(held) >= 0.8


def band(runs: list[PastRun], size: float | None) -> Band:
    found = seconds_of(runs, "v1", size)
    assert found is not None
    return found


def test_more_runs_make_the_band_narrower() -> None:
    chance = seeded("narrower")
    runs = [ran(LAWS["linear"], NOISES["small"], chance, 1) for _ in range(30)]
    bands = [band(runs[:count], 2 * GB) for count in (1, 3, 10, 30)]
    widths = [one.high / one.low for one in bands]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 3
    assert widths[-1] < 2


def test_a_size_that_no_run_had_is_less_sure() -> None:
    runs = [run(GB * n, 100.0 * n) for n in (1, 1.1, 0.9, 1.2)]
    near, far = band(runs, GB), band(runs, 50 * GB)
    assert near.expected == pytest.approx(100, rel=0.2)
    assert 1000 < far.expected < 6000
    assert far.high / far.low > 2 * near.high / near.low


def test_one_run_that_waited_for_hours_moves_little_and_is_not_forgotten() -> None:
    usual = [run(GB, 100.0 + n) for n in range(8)]
    slow = band([*usual, run(GB, 4000)], GB)
    assert slow.expected == pytest.approx(103, rel=0.3)
    assert slow.high > 2 * band(usual, GB).high


def test_runs_of_the_version_come_first() -> None:
    old = [run(GB, 1000, "v1")] * 5
    two = [run(GB, 100, "v2")] * 2
    assert chosen([*old, *two], "v2") == [*old, *two]
    assert basis([*old, *two], "v2") == "from 2 runs of v2 and 5 of other versions"
    mixed = seconds_of([*old, *two], "v2", GB)
    three = [*two, run(GB, 100, "v2")]
    assert chosen([*old, *three], "v2") == three
    assert basis(three, "v2") == "from 3 runs of v2"
    own = seconds_of(three, "v2", GB)
    assert mixed is not None
    assert own is not None
    assert own.expected == pytest.approx(100)
    assert 100 < mixed.expected < 1000
    assert basis(old[:1], "v2") == "from 1 run of other versions"
    assert basis(old, "") == "from 5 runs"


def test_a_run_without_cost_or_size_tells_what_it_can() -> None:
    uncounted = PastRun("v1", GB, 100, None)
    assert usd_of([uncounted], "v1", GB) is None
    assert seconds_of([uncounted], "v1", GB) is not None
    no_sizes = [PastRun("v1", None, seconds, None) for seconds in (90, 100, 110)]
    assert band(no_sizes, GB).expected == pytest.approx(100, rel=0.05)
    assert band([run(GB, 50), run(9 * GB, 200)], None).expected == pytest.approx(100, rel=0.05)
    assert seconds_of([], "v1", GB) is None


def test_no_input_at_all_is_a_size() -> None:
    assert band([run(0, 30.0)] * 4, 0).expected == pytest.approx(30)


def test_the_figures_of_a_batch() -> None:
    one = Band(50, 100, 200)
    assert of_batch([one]) == Band(50, 100, 200)
    many = of_batch([one] * 100)
    assert many.low > 5000 + 500  # what is noise evens out
    assert 10_000 < many.expected < many.high < 20_000
    assert batch_seconds([one] * 100, 10).expected == pytest.approx(many.expected / 10)
    assert batch_seconds([one] * 2, 50).high >= 200
