"""``/v1/objects``: the photographs in a bucket, for someone who picks some."""

from typing import Annotated, Any

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from api.services import Services, services
from core.buckets import Right
from core.errors import InvalidKey
from core.formats import READABLE, ending
from core.objects import RESULTS, ObjectRef, check_bucket, check_key, check_prefix
from core.stored import Listed

bp = APIBlueprint("objects", __name__, url_prefix="/v1/objects", tag="Storage")


class ObjectQuery(BaseModel):
    """Query of ``GET /v1/objects``."""

    model_config = ConfigDict(extra="forbid")

    bucket: Annotated[
        str | None, Field(description="Left out: that of uploads, or where the key may read.")
    ] = None
    prefix: Annotated[str, Field(description="What keys begin with; a folder ends with '/'.")] = ""
    cursor: Annotated[str, Field(max_length=4096, description="The 'next' of an earlier page.")] = (
        ""
    )


class Photograph(BaseModel):
    """An object that by its ending is an image that can be read."""

    key: str
    bytes: int


class Place(BaseModel):
    """A bucket, or a prefix in it, that may be read."""

    bucket: str
    prefix: str


class ObjectPage(BaseModel):
    """A page of what lies right below a prefix."""

    bucket: str
    prefix: str
    folders: list[str]
    """Prefixes that go on from this one, each with its slash."""
    objects: list[Photograph]
    next: str | None
    """The cursor of the next page; null on the last one."""
    writable: bool
    """Whether results may be left in this bucket without naming a place."""
    home: str
    """The bucket of uploads, where results may always be."""
    places: list[Place]
    """Where to begin; other buckets may be named if there are no rules."""


@bp.get("")
@bp.input(ObjectQuery, location="query", arg_name="query")
@bp.output(ObjectPage)
@bp.doc(responses={403: "TINTYPE_BUCKETS does not let anyone read there"})
def index(query: ObjectQuery) -> Any:
    """List the photographs and the folders right below a prefix, 500 keys at a time.

    Files that cannot be photographs by their ending are left out, so a page may be short, or empty,
    and still have a ``next``.
    """
    s = services()
    bucket, prefix = _start(s, query)
    s.access.check_listing(bucket, prefix)
    folders, found, token = s.storage.browse(bucket, prefix, query.cursor)
    default = ObjectRef(bucket=bucket, key=f"{RESULTS}/result")
    return ObjectPage(
        bucket=bucket,
        prefix=prefix,
        folders=[each for each in folders if not s.access.hides(bucket, each)],
        objects=[Photograph(key=each.key, bytes=each.bytes) for each in found if _usable(each)],
        next=token or None,
        writable=s.access.allows(default, Right.WRITE),
        home=s.settings.bucket,
        places=_places(s),
    )


def _start(s: Services, query: ObjectQuery) -> tuple[str, str]:
    """Return where to look: if nothing is named, where the caller may."""
    if query.bucket or query.prefix:
        return check_bucket(query.bucket or s.settings.bucket), check_prefix(query.prefix)
    places, home = _places(s), Place(bucket=s.settings.bucket, prefix="")
    place = home if home in places else places[0]
    return place.bucket, place.prefix


def _usable(found: Listed) -> bool:
    try:
        check_key(found.key)
    except InvalidKey:
        return False
    return found.bytes > 0 and ending(found.key) in READABLE


def _places(s: Services) -> list[Place]:
    readable = s.access.readable() or [(s.settings.bucket, "")]
    return [Place(bucket=bucket, prefix=prefix) for bucket, prefix in readable]
