"""What a network is: a manifest, and its files in a folder."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ModelCorrupt, ModelNotInstalled

MANIFEST = "model.toml"
Role = Literal["prototxt", "weights", "palette"]
_SUFFIXES: dict[Role, str] = {"prototxt": ".prototxt", "weights": ".caffemodel", "palette": ".npy"}


_CHAR = r"[^/\\\x00-\x1f]"
FileName = Annotated[str, Field(max_length=100, pattern=rf"^{_CHAR}*[^./\\\x00-\x1f]{_CHAR}*$")]
"""No path: no slashes, no control characters, and not dots alone."""


class ModelFile(BaseModel):
    """One file of a network. Without ``url`` it is already in the folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FileName
    url: str | None = None
    bytes: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """The facts about one network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FileName
    title: str
    family: Literal["ab-bins-313"] = "ab-bins-313"
    """Lightness - 50 in; a distribution over 313 ab bins out, at a quarter of the size."""
    license: str
    paper: str | None = None
    input_size: Annotated[int, Field(gt=0)] = 224
    temperature: Annotated[float, Field(ge=0.01, le=1)] = 0.38
    """Of the annealed mean, when a job names none."""
    vividness: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How much rare colours are favoured, when a job does not say."""
    files: dict[Role, ModelFile]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a ``model.toml``.

        Raises:
            ModelCorrupt: it is not TOML or lacks a field.
        """
        try:
            manifest = cls.model_validate(tomllib.loads(path.read_text("utf-8")))
        except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ModelCorrupt(f"{path} is not a model manifest: {error}") from error
        if missing := set(_SUFFIXES) - set(manifest.files):
            raise ModelCorrupt(f"{path} lists no file for: {', '.join(sorted(missing))}")
        return manifest


@dataclass(frozen=True)
class Model:
    """A manifest and the folder that holds (or will hold) its files."""

    manifest: Manifest
    folder: Path

    @property
    def name(self) -> str:
        """The name that jobs use."""
        return self.manifest.name

    def path(self, role: Role) -> Path:
        """Return where a file is, or belongs."""
        return self.folder / self.manifest.files[role].name

    @property
    def installed(self) -> bool:
        """Whether every file is there with the promised size; says nothing of its content."""
        return all(
            path.is_file() and path.stat().st_size == file.bytes
            for path, file in ((self.path(role), file) for role, file in self.files)
        )

    @property
    def present(self) -> bool:
        """Whether any of its files is there, whole or not."""
        return any(self.path(role).exists() for role, _ in self.files)

    @property
    def files(self) -> list[tuple[Role, ModelFile]]:
        """Every file with its role."""
        return list(self.manifest.files.items())

    @cached_property
    def digest(self) -> str:
        """One SHA-256 for all that decides a result: files' digests by role, then settings."""
        lines = [f"{role} {file.sha256}" for role, file in sorted(self.files)]
        lines += [f"input_size {self.manifest.input_size}"]
        lines += [f"temperature {self.manifest.temperature}"]
        lines += [f"vividness {self.manifest.vividness}"]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def verify(self) -> None:
        """Read every file and compare it with the manifest.

        Raises:
            ModelNotInstalled: a file is missing.
            ModelCorrupt: a file has another size or another digest; the message says which.
        """
        for role, file in self.files:
            path = self.path(role)
            if not path.is_file():
                raise ModelNotInstalled(
                    f"{self.name}: {path} is missing; run 'tintype models pull {self.name}'"
                )
            check_file(path, file)


def check_file(path: Path, file: ModelFile) -> None:
    """Compare a file with its promise, the size first: many copies in the wild are stubs.

    Raises:
        ModelCorrupt: it differs.
    """
    size = path.stat().st_size
    if size != file.bytes:
        raise ModelCorrupt(
            f"{path} has {size} bytes and should have {file.bytes}: "
            "a stub or a broken download; delete it and pull again"
        )
    if (digest := sha256(path)) != file.sha256:
        raise ModelCorrupt(
            f"{path} has the right size and the wrong content: sha256 {digest}, "
            f"should be {file.sha256}; delete it and pull again"
        )


def sha256(path: Path) -> str:
    """Return the hexadecimal digest of a file, read once for as long as it does not change."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def open_folder(folder: Path) -> Model:
    """Return the model in a folder: one with a manifest, or with exactly one file of each kind.

    Raises:
        ModelCorrupt: it is neither.
    """
    if (folder / MANIFEST).is_file():
        return Model(Manifest.read(folder / MANIFEST), folder)
    found: dict[str, Any] = {}
    for role, suffix in _SUFFIXES.items():
        matches = sorted(folder.glob(f"*{suffix}"))
        if len(matches) != 1:
            raise ModelCorrupt(
                f"{folder} is not a model: it needs a {MANIFEST}, "
                f"or exactly one {suffix} file (it has {len(matches)})"
            )
        path = matches[0]
        found[role] = {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}
    try:
        manifest = Manifest.model_validate(
            {"name": folder.resolve().name, "title": "User's model", "license": "unknown"}
            | {"files": found}
        )
    except ValidationError as error:
        raise ModelCorrupt(f"{folder} is not a model: {error}") from error
    return Model(manifest, folder)
