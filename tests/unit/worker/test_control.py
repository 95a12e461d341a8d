"""Options of control, from a file's bytes to a file's bytes, with the network that ships."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import BrokenImage, DistributionMismatch, UnsupportedFormat
from core.jobs import Options
from core.metrics.totals import PENDING
from models import Catalogue
from models.catalogue import BUNDLED
from tests.support.images import decoded, encoded, gradient
from worker.control import Beside
from worker.engines import Engine, load_engine
from worker.processing import Processed, process

PHOTO = encoded(gradient(120, 160, seed=3))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("opencv", Catalogue(Path()).get(BUNDLED), 1)


def made(engine: Engine, beside: Beside | None = None, **options: Any) -> Processed:
    chosen = Options.model_validate({"format": "png", **options})
    return process(PHOTO, engine, chosen, 10**6, beside=beside or Beside())


def ab(result: Processed) -> NDArray[Any]:
    rgb = decoded(result.data).astype(np.float32) / 255
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[..., 1:]


def test_saturation_0_is_grey_and_2_has_twice_the_chroma(engine: Engine) -> None:
    plain, grey, vivid = (ab(made(engine, saturation=s, temperature=1.0)) for s in (1, 0, 2))
    assert np.abs(grey).max() < 1
    chroma = np.hypot(*np.moveaxis(plain, -1, 0)).mean()
    assert np.hypot(*np.moveaxis(vivid, -1, 0)).mean() == pytest.approx(2 * chroma, rel=0.1)


def test_a_hint_colours_its_place(engine: Engine) -> None:
    box = {"box": [0.0, 0.0, 1.0, 1.0], "color": "#2060c0"}
    red = {"box": [0.0, 0.0, 1.0, 1.0], "color": "#c03020"}
    blue_ab, red_ab = (ab(made(engine, hints=[each])).mean(axis=(0, 1)) for each in (box, red))
    assert blue_ab[1] < -10
    assert red_ab[0] > 10


def test_a_reference_moves_the_colours_towards_its_own(engine: Engine) -> None:
    def of(level: tuple[int, int, int]) -> Beside:
        picture = np.zeros((64, 64, 3), np.uint8)
        picture[:] = level
        return Beside(reference=encoded(picture, "PNG"))

    warm, cold = of((230, 110, 20)), of((30, 120, 220))
    one, other = (ab(made(engine, each)).mean(axis=(0, 1)) for each in (warm, cold))
    assert one[1] > other[1] + 3


def test_a_reference_that_is_no_picture_is_refused(engine: Engine) -> None:
    with pytest.raises((UnsupportedFormat, BrokenImage)):
        made(engine, Beside(reference=b"no picture"))


@pytest.mark.parametrize("detail", [None, 320])
def test_what_was_kept_gives_the_same_picture_without_the_network(
    engine: Engine, detail: int | None
) -> None:
    options: dict[str, Any] = {"detail": detail} if detail else {}
    PENDING.clear()
    first = made(engine, keep_distribution=True, **options)
    assert first.extras.distribution
    assert len(first.extras.distribution) <= 409_600

    class Resting:
        """A network that must not run."""

        model, palette, prior = engine.model, engine.palette, engine.prior

        def predict(self, _: Any) -> Any:
            raise AssertionError("the network ran")

    assert PENDING.take() == {"inferences": 1, "inference_batches": 1}
    again = process(
        PHOTO,
        Resting(),  # type: ignore[arg-type]
        Options.model_validate({"format": "png", **options}),
        10**6,
        beside=Beside(distribution=first.extras.distribution),
    )
    assert PENDING.take() == {}
    assert np.abs(ab(first) - ab(again)).mean() < 0.5
    kept = made(
        engine, Beside(distribution=first.extras.distribution), keep_distribution=True, **options
    )
    assert kept.extras.distribution == first.extras.distribution


def test_what_was_kept_of_another_source_network_or_detail_is_refused(engine: Engine) -> None:
    kept = made(engine, keep_distribution=True).extras.distribution
    assert kept
    aids = Beside(distribution=kept)
    other = encoded(gradient(120, 160, seed=4))
    with pytest.raises(DistributionMismatch, match="source"):
        process(other, engine, Options(), 10**6, beside=aids)
    with pytest.raises(DistributionMismatch, match="detail"):
        made(engine, aids, detail=448)
    digest = engine.model.digest.encode()
    forged = kept.replace(digest, b"0" * len(digest))
    with pytest.raises(DistributionMismatch, match="model"):
        made(engine, replace(aids, distribution=forged))


@pytest.mark.parametrize("cut", [0, 1, 30, 300, -1])
def test_damage_to_what_was_kept_is_found(engine: Engine, cut: int) -> None:
    kept = made(engine, keep_distribution=True).extras.distribution
    assert kept
    with pytest.raises(DistributionMismatch):
        made(engine, Beside(distribution=kept[:cut]))


def test_guided_upsampling_and_detail_change_the_picture(engine: Engine) -> None:
    plain = ab(made(engine))
    for options in ({"upsample": "guided"}, {"detail": 448}):
        assert np.abs(ab(made(engine, **options)) - plain).mean() > 0.05


def test_variants_are_other_pictures_of_the_same_lightness(engine: Engine) -> None:
    first = made(engine, variants=4, seed=1)
    others = first.extras.variants
    again = made(engine, variants=4, seed=1)
    assert [each.data for each in again.extras.variants] == [each.data for each in others]
    likelihoods = [each.likelihood for each in others]
    assert likelihoods == sorted(likelihoods, reverse=True)
    plain = ab(first)
    for each in others:
        assert decoded(each.data).shape == decoded(first.data).shape
        rgb = decoded(each.data).astype(np.float32) / 255
        assert np.abs(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[..., 1:] - plain).mean() > 1


def test_ambiguity_is_a_number_and_a_map_of_the_pictures_size(engine: Engine) -> None:
    extras = made(engine, ambiguity=True).extras
    assert extras.ambiguity is not None
    assert 0 < extras.ambiguity < 1
    assert extras.ambiguity_map
    assert decoded(extras.ambiguity_map).shape == (120, 160, 3)


def test_extras_are_of_one_page() -> None:
    for more in ({"variants": 2}, {"ambiguity": True}, {"keep_distribution": True}):
        with pytest.raises(ValueError, match="one page"):
            Options.model_validate({"pages": "all", **more})
