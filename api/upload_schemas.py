"""What goes over the wire about uploads, beside their records."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, field_validator, model_validator

from core.jobs.base import Moment
from core.jobs.uploads import Upload
from core.upload_storage import MAX_PARTS


class UploadRequest(BaseModel):
    """A file that is to be uploaded."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"filename": "harbour.tif", "bytes": 5_300_000}]},
    )

    filename: Annotated[str, Field(description="Its last part becomes the end of the key.")]
    bytes: Annotated[StrictInt, Field(ge=1, description="Exactly as many come.")]
    content_type: Annotated[
        str,
        Field(
            pattern=r"^(image/[a-z0-9][a-z0-9.+-]{0,60}|application/octet-stream)$",
            description="An image's type; what the file really is, its bytes tell.",
        ),
    ] = "application/octet-stream"

    @field_validator("content_type")
    @classmethod
    def _never_with_scripts(cls, content_type: str) -> str:
        """Storage hands a file out as what it was signed for, and browsers run what SVG says."""
        if content_type.startswith("image/svg"):
            raise ValueError("SVG is not a photograph")
        return content_type


class PartURL(BaseModel):
    """Where one part of a large file is PUT."""

    number: int
    url: str
    bytes: int


class NewUpload(Upload):
    """Where to PUT a file: one URL, or one for each part."""

    method: Literal["PUT"] = "PUT"
    url: str | None = None
    """Null for a large file, which has parts."""
    headers: Annotated[dict[str, str], Field(default_factory=dict)]
    """To be sent as they are."""
    parts: list[PartURL] | None = None
    expires: Moment
    """How long the URLs work: until then the PUT must have begun."""


class UploadedPart(BaseModel):
    """A part that storage has taken."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[StrictInt, Field(ge=1, le=MAX_PARTS)]
    etag: Annotated[
        str, Field(pattern=r"^[\x21-\x7e]{1,200}$", description="As storage has answered it.")
    ]


class UploadedParts(BaseModel):
    """All parts of a large file."""

    model_config = ConfigDict(extra="forbid")

    parts: Annotated[list[UploadedPart], Field(min_length=1, max_length=MAX_PARTS)]

    @model_validator(mode="after")
    def _each_part_once(self) -> Self:
        if len(self.etags) != len(self.parts):
            raise ValueError("a part is named twice")
        return self

    @property
    def etags(self) -> dict[int, str]:
        """Return the entity tag of each part, without quotes."""
        return {part.number: part.etag.strip('"') for part in self.parts}
