"""Writing Caffe networks: the few protobuf fields that a .caffemodel needs, and no more.

Field numbers are those of caffe.proto: NetParameter 1 name, 100 layer; LayerParameter 1 name,
2 type, 7 blobs; BlobProto 5 data, 7 shape, and OpenCV's 10 raw_data_type, 12 raw_data.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_VARINT, _BYTES = 0, 2
_FLOAT16 = 2


@dataclass(frozen=True)
class Layer:
    """The trained blobs of one layer, in Caffe's order."""

    name: str
    type: str
    blobs: Sequence[NDArray[np.floating]]


def write_caffemodel(path: Path, name: str, layers: Iterable[Layer], half: bool = False) -> None:
    """Write layers as a binary NetParameter; ``half`` stores float16, as OpenCV reads it."""
    body = _field(1, name.encode()) + b"".join(_field(100, _layer(x, half)) for x in layers)
    path.write_bytes(body)


def _layer(layer: Layer, half: bool) -> bytes:
    blobs = b"".join(_field(7, _blob(blob, half)) for blob in layer.blobs)
    return _field(1, layer.name.encode()) + _field(2, layer.type.encode()) + blobs


def _blob(values: NDArray[np.floating], half: bool) -> bytes:
    dims = b"".join(_varint(dim) for dim in values.shape)
    shape = _field(7, _field(1, dims))
    if half:
        kind = _varint(10 << 3 | _VARINT) + _varint(_FLOAT16)
        return kind + _field(12, values.astype("<f2").tobytes()) + shape
    return _field(5, values.astype("<f4").tobytes()) + shape


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
