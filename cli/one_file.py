"""One file in, one file out: what ``tintype colorize`` does with each."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.find_images import Target
from core.errors import AlreadyColor, DistributionMismatch, ObjectTooLarge
from core.formats import EXTENSIONS
from core.jobs import Options
from core.settings import Settings
from worker.control import Beside
from worker.engines import Engine
from worker.images import format_like
from worker.kept import MOST_BYTES
from worker.problems import as_ours, as_problem
from worker.processing import Processed, process

Identity = tuple[int, int]
"""Device and inode of a file."""
KEPT = ".distribution"
"""End of the name of what is kept beside a result."""
_HEAD = 32
"""Bytes that tell a format."""


@dataclass
class FileColorizer:
    """Colorizes files in the same way, one after the other."""

    engine: Engine
    options: Options
    settings: Settings
    reference: bytes | None = None
    """A picture whose colours are favoured."""
    redecode: bool = False
    """Whether to decode what was kept beside earlier results, without the network."""
    taken: set[Identity] = field(default_factory=set)
    """Sources and results, which no result may overwrite."""

    def run(self, target: Target) -> dict[str, Any]:
        """Do one image and return what ``--json`` prints about it."""
        report: dict[str, Any] = {"source": str(target.source)}
        try:
            done = self._process(target)
            path = self._write(target, done)
            more = self._write_extras(target, path, done)
        except AlreadyColor as error:
            measured = {"chroma": error.chroma, "width": error.width, "height": error.height}
            if self.options.on_color == "skip":
                return report | {"skipped": error.code} | measured
            return report | {"error": as_problem(error).model_dump()} | measured
        except OSError as error:
            return report | {"error": {"code": "file_error", "detail": str(error)}}
        except Exception as error:
            return report | {"error": as_problem(as_ours(error)).model_dump()}
        if done.chroma is not None:
            report["chroma"] = done.chroma
        return report | {
            "output": str(path),
            "width": done.width,
            "height": done.height,
            "model": self.engine.model.name,
            "fidelity": done.fidelity.model_dump(),
            **more,
            "ms": {
                name.removesuffix("_ms"): round(value, 1)
                for name, value in done.timings.model_dump(exclude_none=True).items()
            },
        }

    def existing(self, target: Target) -> Path | None:
        """Return the file that would be the target's result, if an earlier run has left one."""
        try:
            path = self._result_path(target)
        except OSError:
            return None
        return path if path.exists() and identity(path) not in self.taken else None

    def _process(self, target: Target) -> Processed:
        most = self.settings.max_bytes
        size = target.source.stat().st_size
        if size > most:
            raise ObjectTooLarge(
                f"the file has {size} bytes, more than {most}; see TINTYPE_MAX_BYTES"
            )
        kept = self._kept(target) if self.redecode else None
        beside = Beside(self.reference, kept)
        data, pixels = target.source.read_bytes(), self.settings.max_pixels
        return process(data, self.engine, self.options, pixels, beside=beside)

    def _kept(self, target: Target) -> bytes:
        """Return what an earlier run kept.

        Raises:
            DistributionMismatch: it did not.
        """
        path = _kept_path(self._result_path(target))
        if not path.exists():
            raise DistributionMismatch(f"there is no {path}; run it with --keep-distribution first")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)

    def _write(self, target: Target, done: Processed) -> Path:
        path = _named(target, done.extension)
        self._place(target, path, done.data)
        self.taken.add(identity(path))
        return path

    def _place(self, target: Target, path: Path, data: bytes) -> None:
        """Write a file beside its final name first, never over a source or another result."""
        in_place = path.exists() and path.parent.samefile(target.source.parent)
        if in_place or (path.exists() and identity(path) in self.taken):
            raise OSError(
                f"the result would overwrite {path}, a source or another result; choose another -o"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _write_extras(self, target: Target, path: Path, done: Processed) -> dict[str, Any]:
        """Write what belongs to a result; return what is said of it."""
        extras, said = done.extras, dict[str, Any]()
        for number, each in enumerate(extras.variants, 2):
            other = path.with_name(f"{path.stem}.variant-{number}{path.suffix}")
            self._place(target, other, each.data)
            shown = {"output": str(other), "likelihood": round(each.likelihood, 4)}
            said.setdefault("variants", []).append(shown)
        if extras.ambiguity is not None and extras.ambiguity_map is not None:
            drawn = path.with_name(f"{path.name}.ambiguity.png")
            self._place(target, drawn, extras.ambiguity_map)
            said |= {"ambiguity": round(extras.ambiguity, 4), "ambiguity_map": str(drawn)}
        if extras.distribution is not None:
            self._place(target, _kept_path(path), extras.distribution)
            said["distribution"] = str(_kept_path(path))
        return said

    def _result_path(self, target: Target) -> Path:
        with target.source.open("rb") as file:
            format = self.options.format or format_like(file.read(_HEAD))
        return _named(target, EXTENSIONS[format])


def identity(path: Path) -> Identity:
    """Return what two names of one file have in common, however they are spelled."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _named(target: Target, extension: str) -> Path:
    return target.stem.with_name(f"{target.stem.name}.{extension}")


def _kept_path(result: Path) -> Path:
    return result.with_name(result.name + KEPT)
