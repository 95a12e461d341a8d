"""One layer of a prototxt, of which nothing may be overlooked."""

from core.errors import UnsupportedLayer
from models.prototxt import Message, Value

# The settings that mean something here; those of training never reach an engine.
_CONVOLUTION = {"num_output", "kernel_size", "stride", "pad", "dilation", "group", "bias_term"}
_SETTINGS: dict[str, tuple[str, set[str]]] = {
    "Convolution": ("convolution_param", _CONVOLUTION),
    "Deconvolution": ("convolution_param", _CONVOLUTION),
    "BatchNorm": ("batch_norm_param", {"use_global_stats", "eps"}),
    "Scale": ("scale_param", {"axis", "bias_term"}),
    "Eltwise": ("eltwise_param", {"operation"}),
    "Pooling": ("pooling_param", {"pool", "global_pooling"}),
    "ReLU": ("relu_param", {"negative_slope"}),
    "Sigmoid": ("sigmoid_param", set()),
    "Flatten": ("flatten_param", {"axis"}),
    "Softmax": ("softmax_param", {"axis"}),
}
_OF_TRAINING = {"filler", "weight_filler", "bias_filler", "moving_average_fraction", "engine"}
_OF_EVERY_LAYER = {"name", "type", "bottom", "top", "param", "phase", "include", "exclude"}


class CaffeLayer:
    """A layer's wires and settings; whatever is not known for its kind is refused."""

    def __init__(self, message: Message) -> None:
        """Read a layer.

        Raises:
            UnsupportedLayer: it has a field that no layer of this kind had so far.
            LookupError: it has no name, type or output.
        """
        self.name, self.kind = str(message["name"][0]), str(message["type"][0])
        tops = message.get("top", [])
        self.bottoms = [str(bottom) for bottom in message.get("bottom", [])]
        self._settings: Message = {}
        if self.kind in {"Silence", "Input"}:
            self.top = str(tops[0]) if tops else ""
            return
        if len(tops) != 1:
            raise self.unsupported(f"{len(tops)} outputs")
        self.top = str(tops[0])
        self._read(message)

    @property
    def name_in_opencv(self) -> str:
        """What OpenCV calls the layer: its output, unless it works in place."""
        return self.name if self.top in self.bottoms else self.top

    def number(self, name: str, default: int) -> int:
        """Return a whole number that holds for both directions."""
        return int(self.real(name, default))

    def real(self, name: str, default: float) -> float:
        """Return a number."""
        value = self._value(name, default)
        if not isinstance(value, int | float):
            raise self.unsupported(f"{name}: {value}")
        return value

    def expect(self, name: str, wanted: Value, default: Value | None = None) -> None:
        """Refuse any other value; a setting that is absent has ``default``, or what is wanted."""
        value = self._value(name, wanted if default is None else default)
        if value != wanted:
            raise self.unsupported(f"{name}: {value}")

    def unsupported(self, what: str) -> UnsupportedLayer:
        """Return the error that names this layer."""
        return UnsupportedLayer(
            f"layer {self.name!r} ({self.kind}) has {what}, which only the engine opencv can run; "
            "set TINTYPE_ENGINE=opencv"
        )

    def _read(self, message: Message) -> None:
        field, known = _SETTINGS.get(self.kind, ("", set()))
        if unknown := set(message) - _OF_EVERY_LAYER - {field}:
            raise self.unsupported(f"the field {min(unknown)}")
        for part in message.get(field, []):
            assert isinstance(part, dict)
            for name, values in part.items():
                self._settings.setdefault(name, []).extend(values)
        if unknown := set(self._settings) - known - _OF_TRAINING:
            raise self.unsupported(f"the setting {min(unknown)}")

    def _value(self, name: str, default: Value) -> Value:
        values = self._settings.get(name, [default])
        if any(value != values[0] for value in values):
            raise self.unsupported(f"different values of {name}")
        return values[0]
