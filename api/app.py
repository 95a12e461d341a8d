"""The app factory."""

from importlib.metadata import version
from typing import cast

from apiflask import APIFlask
from flask.json.provider import DefaultJSONProvider
from flask_swagger_ui import get_swaggerui_blueprint

from api import (
    auth,
    batches,
    bucket_events,
    deliveries,
    events,
    health,
    jobs,
    metrics,
    models,
    objects,
    observing,
    openapi,
    pages,
    problems,
    results,
    stats,
    uploads,
)
from api.requests import FORM_ALLOWANCE
from api.services import EXTENSION, Services
from core.settings import Settings

PARTS = (
    *(jobs, batches, uploads, results, events, deliveries, bucket_events),
    *(models, objects, stats, metrics, health, pages),
)


def create_app(settings: Settings) -> APIFlask:
    """Return the HTTP side of Tintype; it connects to its servers at the first request.

    It needs keys unless the settings say that they are off: where it listens, it cannot know.
    """
    app = APIFlask("api", title="Tintype", version=version("tintype"), docs_path=None)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_bytes + FORM_ALLOWANCE,
        OPENAPI_VERSION="3.1.0",
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        DESCRIPTION="Colorizes black-and-white photographs.",
        AUTO_OPERATION_ID=True,
        SERVERS=[{"url": "/"}],
    )
    cast(DefaultJSONProvider, app.json).sort_keys = False
    app.url_map.strict_slashes = False
    services = app.extensions[EXTENSION] = Services.from_settings(settings)
    observing.register(app)
    problems.register(app)
    metrics.register(app, services)
    auth.register(app, services)
    for part in PARTS:
        app.register_blueprint(part.bp)
    page = {"app_name": "Tintype", "validatorUrl": "none"}  # the page asks no other host
    docs = get_swaggerui_blueprint("/docs", "/openapi.json", page)
    app.register_blueprint(docs)
    app.spec_processor(openapi.complete)
    return app
