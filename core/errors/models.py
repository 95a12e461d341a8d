"""Errors of networks and what runs them."""

from core.errors.base import PermanentError, TransientError


class UnknownModel(PermanentError):
    """Raised when neither the catalogue nor a folder has this model."""

    code = "unknown_model"


class ModelNotInstalled(PermanentError):
    """Raised when a model is in the catalogue but its files are not on this machine."""

    code = "model_not_installed"


class ModelElsewhere(TransientError):
    """Raised in a worker that has not the network which a job names, while another has it.

    ``at_work``: whether one of those takes jobs now.
    """

    code = "model_elsewhere"

    def __init__(self, model: str, *, at_work: bool = True) -> None:
        super().__init__(f"this worker has no model named {model!r}; it waits for one that has")
        self.model = model
        self.at_work = at_work


class ModelCorrupt(PermanentError):
    """Raised when a model's files do not match their manifest or cannot be loaded."""

    code = "model_corrupt"


class DownloadFailed(TransientError):
    """Raised when a model's file cannot be fetched."""

    code = "download_failed"


class TrainingError(PermanentError):
    """Raised when a training run cannot start or go on."""

    code = "training_failed"


class UnknownEngine(PermanentError):
    """Raised when no engine has this name."""

    code = "unknown_engine"


class EngineNotInstalled(PermanentError):
    """Raised when an engine's packages are not installed."""

    code = "engine_not_installed"


class EngineFailed(PermanentError):
    """Raised when an engine cannot run a network, or does not agree with the reference."""

    code = "engine_failed"


class UnsupportedLayer(EngineFailed):
    """Raised when a network has a layer that only the engine opencv knows."""

    code = "unsupported_layer"
