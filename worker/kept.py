"""What a job keeps of what the network said: a packed distribution, and what it belongs to."""

from pydantic import ValidationError

from core.errors import DistributionMismatch
from core.jobs.base import Record
from worker.colour import Distribution, pack, unpack
from worker.engines import Engine

MAGIC = b"TINTYPE DISTRIBUTION 1\n"
MOST_BYTES = 409_600
MOST_HEAD = 1000
CONTENT_TYPE = "application/vnd.tintype.distribution"


class Belonging(Record):
    """Of what a distribution is."""

    source: str
    """SHA-256 of the source's bytes."""
    model: str
    """Digest of the network."""
    detail: int | None = None
    """As in the options: at which size the network saw the source."""


def belonging(source_digest: str, engine: Engine, detail: int | None) -> Belonging:
    """Return what a distribution belongs to that the network makes of a source."""
    return Belonging(source=source_digest, model=engine.model.digest, detail=detail)


def write_kept(distribution: Distribution, of: Belonging) -> bytes:
    """Return the object that is kept, at most 400 KiB: a line, a line of JSON, packed bytes."""
    return MAGIC + of.model_dump_json().encode() + b"\n" + pack(distribution)


def read_kept(data: bytes, engine: Engine, of: Belonging) -> Distribution:
    """Return what was kept.

    Raises:
        DistributionMismatch: it is damaged, or of another source, network or detail.
    """
    head, _, packed = data.removeprefix(MAGIC).partition(b"\n")
    if not data.startswith(MAGIC) or len(head) > MOST_HEAD or len(data) > MOST_BYTES:
        raise DistributionMismatch("the object named as a distribution is not one")
    try:
        found = Belonging.model_validate_json(head)
        if found != of:
            raise DistributionMismatch(_other(found, of))
        return unpack(packed, engine.palette, engine.prior)
    except (ValidationError, ValueError) as error:
        raise DistributionMismatch(f"the kept distribution is damaged: {error}") from error


def _other(found: Belonging, wanted: Belonging) -> str:
    names = [
        name for name in Belonging.model_fields if getattr(found, name) != getattr(wanted, name)
    ]
    return (
        f"the kept distribution has another {', '.join(names)}; submit the photograph again with "
        '"keep_distribution": true'
    )
