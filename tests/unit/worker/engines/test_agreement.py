import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from core.errors import EngineFailed
from models import Catalogue
from models.catalogue import BUNDLED
from worker.colour import Decoding, colorize, lightness
from worker.colour.input_shape import Fit
from worker.colour.pipeline import network_input
from worker.engines import ENGINES, Engine, load_engine
from worker.engines.agreement import check_agreement
from worker.engines.base import Array, LoadedEngine, Prediction
from worker.engines.caffe import read_caffe
from worker.engines.openvino import OpenVINOEngine
from worker.images import decode

SAMPLES = sorted((Path(__file__).parents[4] / "samples").glob("*.jpg"))
MODEL = Catalogue(Path()).get(BUNDLED)


@pytest.fixture(scope="module")
def reference() -> Engine:
    return load_engine("opencv", MODEL)


@pytest.fixture(scope="module", params=[name for name in ENGINES if name != "opencv"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return load_engine(request.param, MODEL)


@pytest.fixture(scope="module")
def photographs() -> list[NDArray[np.uint8]]:
    assert len(SAMPLES) >= 3
    return [np.asarray(decode(path.read_bytes(), 10**8).pixels, np.uint8) for path in SAMPLES]


def test_f32_agrees_within_a_thousandth_on_photographs(
    reference: Engine, photographs: list[NDArray[np.uint8]]
) -> None:
    engines = [
        load_engine("onnxruntime", MODEL),
        OpenVINOEngine(read_caffe(MODEL), precision="f32"),
    ]
    for pixels in photographs:
        batch = network_input(lightness(pixels), 224)
        expected = reference.predict(batch)
        for engine in engines:
            found = engine.predict(batch)
            assert np.abs(found.probabilities - expected.probabilities).max() < 1e-3
            assert np.abs(found.ab - expected.ab).max() < 0.05


@pytest.mark.parametrize(("size", "fit"), [(224, "longer"), (320, "area"), (448, "square")])
def test_it_agrees_on_inputs_of_other_sizes_and_proportions(
    engine: Engine,
    reference: Engine,
    photographs: list[NDArray[np.uint8]],
    size: int,
    fit: Fit,
) -> None:
    batch = network_input(lightness(photographs[0]), size, fit)
    found, expected = engine.predict(batch), reference.predict(batch)
    assert found.ab.shape == (1, 2, *(side // 4 for side in batch.shape[2:]))
    assert np.abs(found.ab - expected.ab).mean() < (0.01 if engine.precision == "f32" else 0.5)


def test_the_final_picture_differs_by_less_than_one_can_see(
    engine: Engine, reference: Engine, photographs: list[NDArray[np.uint8]]
) -> None:
    for pixels in photographs:
        source, vivid = lightness(pixels), Decoding(vividness=0.5)
        pictures = [colorize(source, used, how=vivid).rgb for used in (engine, reference)]
        found, expected = (rgb2lab(picture[::4, ::4]) for picture in pictures)
        difference = deltaE_ciede2000(found, expected)
        assert difference.mean() < 0.5


def test_the_self_check_passes(engine: Engine, reference: Engine) -> None:
    assert 0 < check_agreement(engine, reference) < (1e-3 if engine.precision == "f32" else 0.1)


@pytest.mark.parametrize("wrong", [np.nan, 1 / 313, -5.0])
def test_the_self_check_looks_at_the_probabilities(reference: Engine, wrong: float) -> None:
    class Broken(LoadedEngine):
        name, precision = "broken", "bf16"

        def predict(self, lightness: Array) -> Prediction:
            found = reference.predict(lightness)
            return Prediction(np.full_like(found.probabilities, wrong), found.ab)

    broken = Broken(reference.model, reference.palette)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.raises(EngineFailed, match="broken"):
            check_agreement(broken, reference)


def test_threads_share_one_engine(engine: Engine, photographs: list[NDArray[np.uint8]]) -> None:
    batches = [network_input(lightness(pixels), 224) for pixels in photographs[:3]] * 4
    alone = [engine.predict(batch).ab for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda batch: engine.predict(batch).ab, batches))
    for one, other in zip(alone, together, strict=True):
        assert np.abs(one - other).max() < 1e-3
