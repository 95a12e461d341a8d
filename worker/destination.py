"""Where a result goes, and what decides how it looks."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from core.errors import InvalidKey
from core.formats import OutputFormat, format_of
from core.jobs import Job, Options
from core.jobs.records import Fidelity, ModelRef
from core.objects import MAX_KEY_BYTES, RESULTS, ObjectRef
from worker.images import format_like

DIGITS = 32
BESIDE = ".tintype"
"""End of the folder beside a result."""
SHORT = 12
"""Characters of a fingerprint in a key."""


def describe(
    options: Options, destination: ObjectRef, model_digest: str, source_etag: str
) -> dict[str, str]:
    """Return the metadata of a result by which it is known to be up to date."""
    decided = options.canonical(options.format or format_of(destination.key))
    return {
        "tintype-source-etag": source_etag,
        "tintype-options": sha256(decided.encode()).hexdigest()[:DIGITS],
        "tintype-model-digest": model_digest,
    }


def is_up_to_date(metadata: Mapping[str, str], described: Mapping[str, str]) -> bool:
    """Say whether a result's metadata has all that ``describe`` returns for it."""
    return described.items() <= metadata.items()


def metadata_of(
    job: Job, model: ModelRef, described: Mapping[str, str], fidelity: Fidelity | None = None
) -> dict[str, str]:
    """Return all that a result's object says of itself."""
    measured = fidelity.model_dump() if fidelity else {}
    return {
        "tintype-job": job.id,
        "tintype-model": model.name,
        **described,
        **{f"tintype-fidelity-{name.replace('_', '-')}": f"{measured[name]}" for name in measured},
    }


def fingerprint(
    source: bytes,
    options: Options,
    model_digest: str,
    wanted: OutputFormat | None = None,
    others: Sequence[bytes] = (),
) -> str:
    """Return 32 hexadecimal digits: equal ones mean equal results.

    ``others`` are files that it is made of beside. ``wanted`` is the format in which the result
    comes if the options name none; without it, it comes in the source's.
    """
    canonical = options.canonical(options.format or wanted or format_like(source))
    parts = (canonical, model_digest, *(sha256(file).hexdigest() for file in (source, *others)))
    return sha256("\n".join(parts).encode()).hexdigest()[:DIGITS]


def beside(destination: ObjectRef, name: str) -> ObjectRef:
    """Return where something else lies that belongs to a result."""
    key = f"{destination.key}{BESIDE}/{name}"
    if len(key.encode()) > MAX_KEY_BYTES:
        raise InvalidKey(f"the key {destination.key!r} leaves no room for {BESIDE}/{name}")
    return ObjectRef(bucket=destination.bucket, key=key)


def default_destination(job: Job, print_of: str, extension: str) -> ObjectRef:
    """Return one key per fingerprint, in the source's bucket under ``colorized/``.

    Doing a job twice writes the same object twice.
    """
    tail = f".{print_of[:SHORT]}.{extension}"
    folder, slash, name = job.source.key.rpartition("/")
    stem = f"{folder}{slash}{name.rpartition('.')[0] or name}"
    room = MAX_KEY_BYTES - len(f"{RESULTS}/{tail}{BESIDE}/distribution")
    stem = stem.encode()[:room].decode(errors="ignore")
    return ObjectRef(bucket=job.source.bucket, key=f"{RESULTS}/{stem}{tail}")
