"""Where a result goes, and what decides how it looks."""

from hashlib import sha256
from pathlib import PurePosixPath

from core.jobs import Job, Options
from core.jobs.records import OutputFormat
from core.objects import MAX_KEY_BYTES, RESULTS, ObjectRef
from worker.images import SUFFIXES, format_like

DIGITS = 32
SHORT = 12
"""Characters of a fingerprint in a key."""


def format_of(destination: ObjectRef | None) -> OutputFormat | None:
    """Return the format that a destination's suffix asks for."""
    if destination is None:
        return None
    return SUFFIXES.get(PurePosixPath(destination.key).suffix.lstrip(".").lower())


def fingerprint(
    source: bytes, options: Options, model_digest: str, wanted: OutputFormat | None = None
) -> str:
    """Return 32 hexadecimal digits: equal ones mean equal results.

    ``wanted`` is the format in which the result comes if the options name none; without it, it
    comes in the source's.
    """
    format = options.format or wanted or format_like(source)
    decided = options.model_copy(update={"format": format})
    canonical = decided.model_dump_json(exclude={"model", "force", "on_color"})
    parts = (sha256(source).hexdigest(), canonical, model_digest)
    return sha256("\n".join(parts).encode()).hexdigest()[:DIGITS]


def default_destination(job: Job, print_of: str, extension: str) -> ObjectRef:
    """Return one key per fingerprint, in the source's bucket under ``colorized/``.

    Doing a job twice writes the same object twice.
    """
    tail = f".{print_of[:SHORT]}.{extension}"
    folder, slash, name = job.source.key.rpartition("/")
    stem = f"{folder}{slash}{name.rpartition('.')[0] or name}"
    room = MAX_KEY_BYTES - len(f"{RESULTS}/{tail}")
    stem = stem.encode()[:room].decode(errors="ignore")
    return ObjectRef(bucket=job.source.bucket, key=f"{RESULTS}/{stem}{tail}")
