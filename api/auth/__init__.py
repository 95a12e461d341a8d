"""Who sends a request, what that key is for, and how often it may come."""

from apiflask import APIFlask

from api.auth import headers, limits, sessions
from api.auth.checking import check_rights, identify
from api.services import Services


def register(app: APIFlask, services: Services) -> None:
    """Have every request checked before its view, and every answer given its headers."""
    app.before_request(identify)
    limits.register(app, services)
    # After it, so that what is refused counts, too.
    app.before_request(check_rights)
    headers.register(app, services.settings)
    app.register_blueprint(sessions.bp)
