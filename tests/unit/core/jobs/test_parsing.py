from core.jobs import State
from core.jobs.parsing import parse_job

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
