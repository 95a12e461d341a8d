"""IPTC-IIM records, bare or in Photoshop's image resources (IIM 4.2; Photoshop file formats)."""

import struct

_RESOURCE, _IPTC = b"8BIM", 0x0404
_MARK = 0x1C
"""Every IIM dataset begins with it."""
PHOTOSHOP = b"Photoshop 3.0\0"


def from_resources(data: bytes | None) -> bytes | None:
    """Return the records in bytes that are records, or image resources with records among them."""
    data = (data or b"").removeprefix(PHOTOSHOP)
    if data[:1] == bytes([_MARK]):
        return data
    at = 0
    while data[at : at + 4] == _RESOURCE and at + 12 <= len(data):
        (kind,) = struct.unpack_from(">H", data, at + 4)
        name = data[at + 6] + 1
        start = at + 6 + name + name % 2 + 4
        if start > len(data):
            return None
        (length,) = struct.unpack_from(">I", data, start - 4)
        if kind == _IPTC:
            return data[start : start + length] or None
        at = start + length + length % 2
    return None


def to_resources(records: bytes) -> bytes:
    """Return records as an image resource, as JPEG and PNG have them."""
    head = _RESOURCE + struct.pack(">HHI", _IPTC, 0, len(records))
    return head + records + bytes(len(records) % 2)
