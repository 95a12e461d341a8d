"""What answers one after the other: Redis with its one thread, a link with its bandwidth."""

from simpy import Environment, Event


class Server:
    """Serves in the order of arrival; how long each takes is known when it comes."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._free_at = env.now
        self.busy = 0.0
        """Seconds, of all that has been asked for."""
        self.asked = 0.0
        """Requests."""

    def visit(self, seconds: float, requests: float = 1) -> Event:
        """Return the event that the server is done with a request."""
        self._free_at = max(self._free_at, self._env.now) + seconds
        self.busy += seconds
        self.asked += requests
        return self._env.timeout(self._free_at - self._env.now)

    @property
    def behind(self) -> float:
        """Return the seconds until all that has been asked for is done."""
        return max(0.0, self._free_at - self._env.now)
