import io

import pytest
from rich.console import Console

from cli.progress_views import LineView, LiveView, duration, open_view
from tests.unit.cli.test_service_commands import BATCH, FAILED_BATCH, FAILED_JOB, JOB
from tintype_client import Batch, Entry, Job

ENTRY = Entry(key="1936/[b]x.jpg", state="failed", code="broken_image", detail="cut short")


def terminal() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=120, color_system=None), out


def test_a_terminal_gets_a_live_picture_and_everything_else_lines() -> None:
    assert isinstance(open_view(terminal()[0]), LiveView)
    assert isinstance(open_view(Console(file=io.StringIO())), LineView)


def test_the_picture_of_a_batch_has_counts_speed_and_failures() -> None:
    console, out = terminal()
    with open_view(console) as view:
        view.show(Batch.model_validate(BATCH), [])
        view.show(Batch.model_validate(BATCH | {"codes": {"broken_image": 1}}), [ENTRY])
        view.away(ConnectionError("refused"))
    for text in ("2 of 4", "2.0/s", "1 s left", "running 2", "1936/[b]x.jpg", "The API is away"):
        assert text in out.getvalue(), text


def test_the_picture_ends_with_how_it_ended() -> None:
    for record, text in (
        (Batch.model_validate(FAILED_BATCH), "jobs_failed: 1 of 4 failed"),
        (Job.model_validate(FAILED_JOB), "broken_image"),
    ):
        console, out = terminal()
        with open_view(console) as view:
            view.show(record, [])
        assert text in out.getvalue()


def test_lines_are_few_while_nothing_changes() -> None:
    out = io.StringIO()
    with LineView(Console(file=out, width=120)) as view:
        for done in range(3):
            counts = BATCH["counts"] | {"succeeded": done}
            view.show(Batch.model_validate(BATCH | {"counts": counts}), [])
        view.show(Job.model_validate(JOB | {"state": "succeeded"}), [])
    assert len(out.getvalue().splitlines()) == 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99, "99 s"), (600, "10 min"), (7140, "119 min"), (12_000, "3 h 20 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
