import cv2
import numpy as np
import pytest
from celery.exceptions import SoftTimeLimitExceeded

from core.errors import AttemptError, BrokenImage, StorageUnavailable, TintypeError
from core.jobs import Problem
from worker.problems import as_ours, as_problem


@pytest.mark.parametrize(
    "error", [BrokenImage("it is cut short"), StorageUnavailable("storage is away")]
)
def test_an_error_of_ours_keeps_its_code_and_message(error: TintypeError) -> None:
    assert as_ours(error) is error
    assert as_problem(error) == Problem(code=error.code, detail=str(error))


def test_a_soft_time_limit_is_a_timeout() -> None:
    problem = as_problem(as_ours(SoftTimeLimitExceeded()))
    assert problem.code == "timeout"
    assert "time limit" in problem.detail


def test_a_lack_of_memory_is_named() -> None:
    problem = as_problem(as_ours(MemoryError("Unable to allocate 9.3 GiB")))
    assert problem.code == "out_of_memory"
    assert "9.3" not in problem.detail


def test_a_lack_of_memory_in_opencv_is_the_same() -> None:
    with pytest.raises(cv2.error) as caught:
        cv2.resize(np.zeros((1, 1), np.uint8), (2**31 - 1, 60_000))
    assert as_problem(as_ours(caught.value)).code == "out_of_memory"


@pytest.mark.parametrize(
    "error", [ValueError("/etc/secret: key=hunter2"), KeyError("hunter2"), OSError(5, "hunter2")]
)
def test_nothing_of_an_unexpected_error_leaks_but_its_type(error: Exception) -> None:
    ours = as_ours(error)
    assert isinstance(ours, AttemptError)
    problem = as_problem(ours)
    assert problem.code == "internal_error"
    assert type(error).__name__ in problem.detail
    assert "hunter2" not in problem.detail
