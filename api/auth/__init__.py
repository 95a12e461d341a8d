"""Who sends a request, what that key is for, and how often it may come."""

from apiflask import APIFlask

from api.auth import headers, limits, sessions
from api.auth.checking import check_request
from api.services import Services


def register(app: APIFlask, services: Services) -> None:
    """Have every request checked before its view, and every answer given its headers."""
    app.before_request(check_request)
    limits.register(app, services)
    headers.register(app, services.settings)
    app.register_blueprint(sessions.bp)
