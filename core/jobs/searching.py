"""Finding jobs by a part of their photograph's key, a bounded number of jobs at a time."""

from collections.abc import Sequence

from core.jobs.records import Job, State
from core.jobs.store import JobStore

AT_ONCE = 500
MOST_LOOKED_AT = 5000


def search(
    jobs: JobStore,
    text: str,
    state: State | None = None,
    limit: int = 50,
    cursor: str | None = None,
    code: str | None = None,
    owner: str | None = None,
) -> tuple[Sequence[Job], str | None]:
    """Return jobs whose source's key contains a text, newest first, and where to go on.

    At most 5,000 jobs are looked at; so a page may be short, or empty, with more after it. The case
    of letters does not matter.

    Raises:
        InvalidCursor: the cursor is not a job id.
    """
    wanted, found, looked_at = text.casefold(), list[Job](), 0
    while looked_at < MOST_LOOKED_AT:
        page, following = jobs.list(state, AT_ONCE, cursor, code, owner)
        for job in page:
            if wanted in job.source.key.casefold():
                found.append(job)
                if len(found) == limit:
                    return found, job.id
        looked_at += AT_ONCE
        if following is None:
            return found, None
        cursor = following
    return found, cursor
