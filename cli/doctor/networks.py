"""The networks' files."""

from collections.abc import Iterator

from cli.doctor.findings import Finding, ok, problem, warning
from cli.doctor.subject import Subject
from core.errors import TintypeError
from models import Catalogue, Model


def examine(subject: Subject) -> Iterator[Finding]:
    """Compare the default network, and all others that are here, with their manifests."""
    catalogue = Catalogue.from_settings(subject.settings)
    try:
        default = catalogue.default()
        others = [m for m in catalogue.models() if m.present and m.name != default.name]
    except TintypeError as error:
        yield problem("network", str(error), "check TINTYPE_MODEL and TINTYPE_MODELS_DIR")
        return
    yield judge(default, is_default=True)
    for model in others:
        yield judge(model, is_default=False)


def judge(model: Model, is_default: bool) -> Finding:
    """Read every file of a network; a damaged one is a problem where jobs use it unasked."""
    name = f"network {model.name}"
    try:
        model.verify()
    except TintypeError as error:
        say = problem if is_default else warning
        return say(name, str(error), f"delete {model.folder} and pull or install it again")
    title = "default, " if is_default else ""
    return ok(name, f"{title}files as promised, digest {model.digest[:12]}")
