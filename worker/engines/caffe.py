"""A Caffe network of the family as OpenCV reads it, with the family's constants put in."""

from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import ModelCorrupt
from models import Model
from worker.engines.base import Array

DISTRIBUTION = "class8_313_rh"
MEAN_AB = "class8_ab"
SHARPENING = "conv8_313_rh"


@dataclass(frozen=True)
class CaffeNet:
    """A loaded network; ``DISTRIBUTION`` is at temperature 1 and ``MEAN_AB`` its mean."""

    model: Model
    net: "cv2.dnn.Net"
    palette: Array
    """(bins, 2), ab."""

    def blobs(self, layer: str) -> list[Array]:
        """Return the weights of a layer in Caffe's order; they change once the net has run.

        OpenCV calls a layer by its output, unless it works in place.

        Raises:
            ModelCorrupt: there is no such layer, or its weights do not fit it.
        """
        number = self.net.getLayerId(layer)
        if number < 0:
            raise ModelCorrupt(f"{self.model.name} has no layer {layer!r}")
        try:
            return [np.array(blob, np.float32) for blob in self.net.getLayer(number).blobs]
        except cv2.error as error:
            raise ModelCorrupt(f"{self.model.name}: layer {layer!r}: {error}") from error


def read_caffe(model: Model) -> CaffeNet:
    """Check the files, read them, and put palette and temperature 1 into the network.

    Raises:
        ModelNotInstalled, ModelCorrupt: the files are missing, not as promised, or not of
            this family.
    """
    model.verify()
    try:
        palette = _read_palette(model)
        net = cv2.dnn.readNetFromCaffe(str(model.path("prototxt")), str(model.path("weights")))
        bins = len(palette)
        # OpenCV ignores the fillers in Zhang's prototxt, so both constants are set here.
        _set_blob(net, MEAN_AB, palette.T.reshape(2, bins, 1, 1))
        _set_blob(net, SHARPENING, np.ones((1, bins), np.float32))
    except (cv2.error, ValueError, OSError) as error:
        raise ModelCorrupt(f"{model.name} cannot be loaded from {model.folder}: {error}") from error
    return CaffeNet(model, net, palette)


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
