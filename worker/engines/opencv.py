"""The reference engine: OpenCV's dnn module on the Caffe files."""

import cv2
import numpy as np

from core.errors import ModelCorrupt
from models import Model
from models.prior import prior_over
from worker.engines.base import Array, Prediction

DISTRIBUTION = "class8_313_rh"
MEAN_AB = "class8_ab"
SHARPENING = "conv8_313_rh"


class OpenCVEngine:
    """Runs any Caffe network that keeps to the ends of Zhang's: the three layers named above."""

    def __init__(self, model: Model, net: "cv2.dnn.Net", palette: Array) -> None:
        self.model = model
        self.palette = palette
        self.prior = prior_over(palette)
        self._net = net

    @classmethod
    def load(cls, model: Model, threads: int = 0) -> "OpenCVEngine":
        """Check the files, read them, and put palette and temperature 1 into the network.

        Raises:
            ModelNotInstalled, ModelCorrupt: the files are missing, not as promised, or not of
                this family.
        """
        model.verify()
        if threads:
            cv2.setNumThreads(threads)
        try:
            palette = _read_palette(model)
            net = cv2.dnn.readNetFromCaffe(str(model.path("prototxt")), str(model.path("weights")))
            bins = len(palette)
            # OpenCV ignores the fillers in Zhang's prototxt, so both constants are set here.
            _set_blob(net, MEAN_AB, palette.T.reshape(2, bins, 1, 1))
            _set_blob(net, SHARPENING, np.ones((1, bins), np.float32))
        except (cv2.error, ValueError, OSError) as error:
            raise ModelCorrupt(
                f"{model.name} cannot be loaded from {model.folder}: {error}"
            ) from error
        return cls(model, net, palette)

    def predict(self, lightness: Array) -> Prediction:
        """Run one forward pass; see ``Engine.predict``."""
        self._net.setInput(lightness)
        ab, probabilities = self._net.forward([MEAN_AB, DISTRIBUTION])
        return Prediction(np.asarray(probabilities), np.asarray(ab))

    def warm_up(self) -> None:
        """Run once at the network's own size.

        Raises:
            ModelCorrupt: the files do not fit each other; OpenCV tells only now.
        """
        size = self.model.manifest.input_size
        try:
            self.predict(np.zeros((1, 1, size, size), np.float32))
        except cv2.error as error:
            raise ModelCorrupt(
                f"{self.model.name} from {self.model.folder} cannot run: {error}"
            ) from error


def _read_palette(model: Model) -> Array:
    with model.path("palette").open("rb") as stream:
        palette = np.lib.format.read_array(stream, allow_pickle=False)
    if palette.ndim != 2 or palette.shape[1] != 2 or not palette.size:
        raise ValueError(f"the palette has shape {palette.shape}, should be (bins, 2)")
    return np.asarray(palette, dtype=np.float32)


def _set_blob(net: "cv2.dnn.Net", layer: str, values: Array) -> None:
    number = net.getLayerId(layer)
    if number < 0:
        raise ValueError(f"the network has no layer {layer!r}")
    blob = np.ascontiguousarray(values, dtype=np.float32)
    existing = net.getLayer(number).blobs
    bias = [np.zeros(2, np.float32)] if layer == MEAN_AB and len(existing) == 2 else []
    net.getLayer(number).blobs = [blob, *bias]
