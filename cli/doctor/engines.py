"""What can run the network here."""

from collections.abc import Iterator

from cli.doctor.findings import Finding, ok, problem, warning
from cli.doctor.subject import Subject
from core.errors import TintypeError
from models import Catalogue, Model


def examine(subject: Subject) -> Iterator[Finding]:
    """Run the default network with each engine and compare what it says with OpenCV's."""
    from worker.engines import AUTO, ENGINES

    wanted = subject.settings.engine
    if wanted not in {AUTO, *ENGINES}:
        known = ", ".join((AUTO, *ENGINES))
        yield problem("engine", f"TINTYPE_ENGINE is {wanted!r}", f"set it to one of: {known}")
    try:
        model = Catalogue.from_settings(subject.settings).default()
        model.verify()
    except TintypeError:
        return  # the check of networks says it
    for name in ENGINES:
        yield _engine(name, model, needed=name in {wanted, "opencv"}, chosen=wanted != AUTO)


def _engine(name: str, model: Model, needed: bool, chosen: bool) -> Finding:
    from worker.engines import ENGINES, load_engine

    title = f"engine {name}"
    backend = ENGINES[name]
    if not backend.installed:
        advice = f"pip install 'tintype[{backend.extra}]'"
        if needed:
            return problem(title, "not installed, and TINTYPE_ENGINE names it", f"run: {advice}")
        return ok(title, "not installed", f"{advice} adds it")
    try:
        engine = load_engine(name, model)
    except TintypeError as error:
        say = problem if needed else warning
        advice = "set TINTYPE_ENGINE=auto" if chosen else "it is left out; reinstall it to have it"
        return say(title, str(error), advice)
    return ok(title, f"runs {model.name} ({engine.precision}) and agrees with opencv")
