"""The HTTP server of the API: gunicorn with our app."""

from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.gthread import ThreadWorker

from api.services import EXTENSION
from core import tracing
from core.settings import Settings


class Worker(ThreadWorker):  # type: ignore[misc]
    """Threads; event streams end when the process is asked to stop, instead of holding it up."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Hear SIGTERM."""
        if self.wsgi:
            self.wsgi.extensions[EXTENSION].streams.closing = True
        super().handle_exit(sig, frame)


class Log(GunicornLogger):  # type: ignore[misc]
    """Gunicorn's own lines go where ours go."""

    def setup(self, cfg: Any) -> None:
        """Undo what the base class does with handlers."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Gunicorn(BaseApplication):  # type: ignore[misc]
    """Gunicorn, configured here instead of by a file."""

    def __init__(self, settings: Settings, bind: str) -> None:
        self._settings = settings
        self._options: dict[str, Any] = {
            "bind": bind,
            "workers": settings.api_processes,
            "worker_class": Worker,
            "threads": settings.api_threads,
            # Longer than the longest Prefer: wait.
            "timeout": 90,
            "graceful_timeout": 8,
            "keepalive": 20,
            "control_socket_disable": True,
            "logger_class": Log,
            "loglevel": settings.log_level.lower(),
            "worker_exit": lambda _server, _worker: tracing.stop(),
        }
        super().__init__()

    def load_config(self) -> None:
        """Apply the options that this version of gunicorn knows."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the app, once per gunicorn worker."""
        from api.app import create_app

        tracing.start(self._settings, "api")
        return create_app(self._settings)
