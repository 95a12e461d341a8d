"""Errors of image files."""

from core.errors.base import PermanentError


class EmptyObject(PermanentError):
    """Raised when the source has no bytes."""

    code = "empty_object"


class ObjectTooLarge(PermanentError):
    """Raised when the source has more bytes than allowed."""

    code = "object_too_large"


class ImageTooLarge(PermanentError):
    """Raised when the header promises more pixels than allowed."""

    code = "image_too_large"


class UnsupportedFormat(PermanentError):
    """Raised when the bytes are not an image of a supported format."""

    code = "unsupported_format"


class BrokenImage(PermanentError):
    """Raised when an image of a supported format cannot be decoded to its end."""

    code = "broken_image"


class AlreadyColor(PermanentError):
    """Raised when a photograph is in colour and was not to be recoloured."""

    code = "already_color"

    def __init__(self, message: str, chroma: float, width: int, height: int) -> None:
        super().__init__(message)
        self.chroma = chroma
        self.width = width
        self.height = height
