"""The reference engine: OpenCV's dnn module on the Caffe files."""

import threading

import cv2
import numpy as np

from core.errors import ModelCorrupt
from worker.engines.base import Array, LoadedEngine, Prediction
from worker.engines.caffe import DISTRIBUTION, MEAN_AB, CaffeNet


class OpenCVEngine(LoadedEngine):
    """Runs any Caffe network that keeps to the ends of Zhang's; one pass at a time."""

    name = "opencv"

    def __init__(self, caffe: CaffeNet, _threads: int = 0) -> None:
        """Take over a loaded network; OpenCV's threads are one setting for the whole process."""
        super().__init__(caffe.model, caffe.palette)
        self._net = caffe.net
        self._lock = threading.Lock()

    def predict(self, lightness: Array) -> Prediction:
        """Run one forward pass; see ``worker.colour.Network``."""
        with self._lock:
            self._net.setInput(lightness)
            ab, probabilities = self._net.forward([MEAN_AB, DISTRIBUTION])
        return Prediction(np.asarray(probabilities), np.asarray(ab))

    def warm_up(self) -> None:
        """Run once at the network's own size, so that the first job does not pay for it.

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
