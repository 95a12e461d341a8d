"""What a result's XMP says: how it was made, and nothing that is no longer true."""

from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata

from worker.images import exif
from worker.images.photo import Photo
from worker.images.xmp import Name, Packet

TINTYPE = "urn:tintype:xmp:1/"
XMP = "http://ns.adobe.com/xap/1.0/"
IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
NOTE = "http://ns.adobe.com/xmp/note/"
ENHANCED = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"

_PREFIXES = {
    IPTC_EXTENSION: "Iptc4xmpExt",
    XMP: "xmp",
    TINTYPE: "tintype",
    TIFF: "tiff",
    EXIF: "exif",
}
_OURS = {(IPTC_EXTENSION, "DigitalSourceType"), (XMP, "CreatorTool")}
_UNTRUE = {(XMP, "Thumbnails"), (PHOTOSHOP, "ICCProfile"), (NOTE, "HasExtendedXMP")}
"""A picture that is not in colour, a profile that was left, a second packet that is not kept."""
_PRIVATE_ENDS = "serialnumber", "ownername", "makernote"


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from."""

    model: str
    model_digest: str
    options: str
    """As canonical JSON."""
    source_digest: str
    """SHA-256 of the source's bytes, in hexadecimal."""
    fidelity: str = ""
    """How far lightness moved before encoding, if that was measured."""

    def properties(self) -> dict[Name, str]:
        """Return what is said of it in XMP."""
        said = {
            (IPTC_EXTENSION, "DigitalSourceType"): ENHANCED,
            (XMP, "CreatorTool"): f"Tintype {_version()}",
            (TINTYPE, "Model"): self.model,
            (TINTYPE, "ModelDigest"): f"sha256:{self.model_digest}",
            (TINTYPE, "Options"): self.options,
            (TINTYPE, "SourceDigest"): f"sha256:{self.source_digest}",
            (TINTYPE, "LightnessError"): self.fidelity,
        }
        return {name: value for name, value in said.items() if value}


@cache
def _version() -> str:
    return metadata.version("tintype")


def describe(photo: Photo, provenance: Provenance) -> Photo:
    """Return a photo whose XMP says where it comes from, and its true size and orientation.

    A packet that cannot be read is replaced.
    """
    packet = Packet(photo.xmp)
    packet.remove(lambda name: name in _UNTRUE or name[0] == TINTYPE)
    packet.replace(
        {
            (TIFF, "Orientation"): "1",
            (TIFF, "ImageWidth"): str(photo.width),
            (TIFF, "ImageLength"): str(photo.height),
            (EXIF, "PixelXDimension"): str(photo.width),
            (EXIF, "PixelYDimension"): str(photo.height),
            (EXIF, "ColorSpace"): "1",
        },
        _PREFIXES,
    )
    packet.set(provenance.properties(), _PREFIXES)
    return replace(photo, xmp=packet.tobytes())


def shortened(xmp: bytes) -> bytes:
    """Return a packet that says no more than where a result comes from."""
    packet = Packet(xmp)
    packet.remove(lambda name: name[0] != TINTYPE and name not in _OURS)
    return packet.tobytes()


def without_private(photo: Photo) -> Photo:
    """Return a photo that does not say where it was taken and by which camera of whom."""
    block = exif.without(photo.exif, exif.PRIVATE) if photo.exif else None
    packet = Packet(photo.xmp) if photo.xmp else None
    if packet:
        packet.remove(_is_private)
    return replace(photo, exif=block, xmp=packet.tobytes() if packet else None)


def _is_private(name: Name) -> bool:
    """Whether a property of EXIF's namespaces or of a maker's own is about place, body or owner."""
    local = name[1].lower()
    return local.startswith("gps") or local.endswith(_PRIVATE_ENDS)
