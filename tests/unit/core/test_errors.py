from itertools import chain

from core import errors


def _all(cls: type[errors.TintypeError]) -> list[type[errors.TintypeError]]:
    return [cls, *chain.from_iterable(_all(sub) for sub in cls.__subclasses__())]


def test_every_concrete_error_has_a_code_of_its_own() -> None:
    abstract = {
        errors.TintypeError,
        errors.PermanentError,
        errors.TransientError,
        errors.AttemptError,
    }
    codes = [cls.code for cls in _all(errors.TintypeError) if cls not in abstract]
    assert len(codes) == len(set(codes)) > 20
    assert errors.TintypeError.code not in codes


def test_every_error_says_when_it_is_raised() -> None:
    assert all(cls.__doc__ for cls in _all(errors.TintypeError))
