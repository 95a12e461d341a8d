"""What a key has to be for, by the endpoint of a request; what is not listed is admin's."""

from core.keys import Scope

OPEN = frozenset(
    {
        "health.live",
        "health.ready",
        "pages.home",
        "pages.file",
        "openapi.spec",
        "swagger_ui.show",
        # With secrets of its own.
        "bucket_events.receive",
        # Shows its key in the body.
        "session.create",
    }
)
"""For everyone, with or without a key."""
ANY = frozenset({"session.show", "session.end"})
"""For every key, whatever it is for."""
SUBMIT = frozenset(
    {
        "jobs.submit",
        "jobs.redecode",
        "jobs.cancel",
        "jobs.retry",
        "jobs.retry_many",
        "batches.submit",
        "batches.pause",
        "batches.resume",
        "batches.cancel",
        "batches.retry_failed",
        "deliveries.redeliver_of_job",
        "deliveries.redeliver_of_batch",
        "uploads.create",
        "uploads.complete",
        "uploads.delete",
    }
)
READ = frozenset(
    {
        "jobs.index",
        "jobs.show",
        "results.result",
        "events.everything",
        "events.of_job",
        "deliveries.of_job",
        "deliveries.of_batch",
        "batches.index",
        "batches.show",
        "batches.entries",
        "batches.report",
        "uploads.show",
        "models.index",
        "objects.index",
        "stats.places",
    }
)

METRICS = frozenset({"metrics.metrics", "stats.stats"})


def scope_of(endpoint: str) -> Scope | None:
    """Return what a key has to be for; None: any key will do."""
    if endpoint in ANY:
        return None
    if endpoint in SUBMIT:
        return Scope.SUBMIT
    if endpoint in METRICS:
        return Scope.METRICS
    return Scope.READ if endpoint in READ else Scope.ADMIN
