"""The app factory."""

from apiflask import APIFlask
from flask_swagger_ui import get_swaggerui_blueprint

from api import health, jobs, models, openapi, problems
from api.requests import FORM_ALLOWANCE
from api.services import EXTENSION, Services
from core.settings import Settings

VERSION = "0.1.0"


def create_app(settings: Settings) -> APIFlask:
    """Return the HTTP side of Tintype; it connects to its servers at the first request."""
    app = APIFlask("api", title="Tintype", version=VERSION, docs_path=None)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_bytes + FORM_ALLOWANCE,
        OPENAPI_VERSION="3.1.0",
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        DESCRIPTION="Colorizes black-and-white photographs.",
    )
    app.extensions[EXTENSION] = Services.from_settings(settings)
    problems.register(app)
    for blueprint in (jobs.bp, models.bp, health.bp):
        app.register_blueprint(blueprint)
    docs = get_swaggerui_blueprint("/docs", "/openapi.json", {"app_name": "Tintype"})
    app.register_blueprint(docs)
    app.spec_processor(openapi.complete)
    return app
