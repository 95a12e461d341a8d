from core.jobs import State
from core.jobs.parsing import parse_job, write_result
from core.jobs.records import Fidelity
from tests.support.jobs import RESULT

OLD = {
    "state": "succeeded",
    "attempt": "1",
    "created": "1764000000000",
    "started": "1764000000100",
    "finished": "1764000000900",
    "spec": '{"source":{"bucket":"photos","key":"a.jpg"},"options":{"temperature":0.5}}',
    "result": '{"destination":{"bucket":"photos","key":"b.jpg"},"model":{"name":"m","digest":"d"},'
    '"width":10,"height":20,"content_type":"image/jpeg","bytes":30,"etag":"e",'
    '"timings":[1.0,2.0,3.0,4.0,5.0,6.0]}',
}


def test_a_record_from_before_colour_was_measured_is_read() -> None:
    job = parse_job("0198", OLD)
    assert (job.state, job.width, job.options.on_color) == (State.SUCCEEDED, 10, "recolor")
    assert (job.skipped, job.chroma) == (None, None)


def test_an_error_from_before_colour_was_measured_is_read() -> None:
    error = '{"code":"broken_image","detail":"cut short"}'
    fields = {**OLD, "state": "failed", "error": error}
    del fields["result"]
    job = parse_job("0198", fields)
    assert job.error is not None
    assert (job.error.code, job.chroma) == ("broken_image", None)


def test_what_was_measured_of_lightness_is_kept() -> None:
    measured = Fidelity(max_before=1.23456, mean_before=0.1, max_after=2, mean_after=0.2)
    result = RESULT.model_copy(update={"fidelity": measured})
    job = parse_job("0198", {**OLD, "result": write_result(result)})
    assert job.fidelity == measured
    assert measured.max_before == 1.235
    assert parse_job("0198", OLD).fidelity is None
