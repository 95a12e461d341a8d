"""The one settings object: typed, frozen, read once from ``TINTYPE_*`` variables."""

import re
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, FilePath, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.buckets import Access
from core.cores import cores
from core.errors import InvalidBucket, InvalidSetting, InvalidWebhook
from core.event_senders import check_secrets, check_topics
from core.namespace import NAMESPACE, PATTERN
from core.objects import check_bucket
from core.redis_urls import Mode, check_broker_url, check_redis_url, parse_redis_url
from core.webhook_urls import check_networks, check_webhook_url

MIB = 1024 * 1024
MOST_CHILDREN = 4
BASE_MEMORY = 256 * MIB
BYTES_A_PIXEL = 60
"""What the costliest kind of image takes, from its bytes to those of its result, and a third more:
docs/security.md."""
LEAST_MEMORY = 64 * MIB
MOST_PRESIGN = 3600
RATE = r"^[1-9][0-9]{0,8}/(second|minute|hour|day)$"
"""Requests in a time, such as ``600/minute``."""
QUEUES = r"^ *(high|normal|low) *(, *(high|normal|low) *)*$"
"""Priorities, such as ``high, normal``."""
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
Seconds = Annotated[float, Field(gt=0)]
TimeLimit = Annotated[float, Field(ge=1, allow_inf_nan=False)]
"""Seconds that an attempt may take: with less than 1, none would get far."""
Networks = Annotated[str, AfterValidator(check_networks)]
Endpoint = Annotated[str, Field(pattern=r"^https?://[^/\s]+/?$")]


def check_memory(bytes: int) -> int:
    """Return a limit on memory that a worker can work with.

    Raises:
        ValueError: it is too low.
    """
    if 0 < bytes < LEAST_MEMORY:
        raise ValueError(f"at least {LEAST_MEMORY} bytes, or 0 for no limit")
    return bytes


def parse_origins(text: str) -> list[str]:
    """Return origins (RFC 6454), which commas separate."""
    return [part.strip() for part in text.split(",") if part.strip()]


def check_origins(text: str) -> str:
    """Return the text if it lists origins.

    Raises:
        ValueError: one of them is none; a star is none.
    """
    for origin in parse_origins(text):
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is not an origin, such as https://photos.example.org")
    return text


class Settings(BaseSettings):
    """All that can be configured; each field is the variable ``TINTYPE_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="TINTYPE_", frozen=True, env_ignore_empty=True)

    redis_url: Annotated[str, AfterValidator(check_redis_url)] = "redis://127.0.0.1:6379/0"
    """Where all state is: one server, one behind sentinels, or a cluster: ``core.redis_urls``."""
    redis_namespace: Annotated[str, Field(pattern=PATTERN)] = NAMESPACE
    """Tells installations apart that share a Redis: all keys begin with it."""
    broker_url: Annotated[str, AfterValidator(check_broker_url)] | None = None
    """Where Celery's queues are. None: the same as ``redis_url``."""
    redis_ca: FilePath | None = None
    """Certificates of who is believed over TLS; None: those of the system."""
    redis_cert: FilePath | None = None
    """A certificate of our own, where the server asks for one."""
    redis_cert_key: FilePath | None = None
    s3_endpoint: Endpoint | None = None
    """None is AWS itself."""
    s3_public_endpoint: Endpoint | None = None
    """What clients call the storage; presigned URLs use it. None: the same as ``s3_endpoint``."""
    s3_region: str = "us-east-1"
    s3_access_key: str | None = None
    """None leaves credentials to boto3 (environment, profile, instance role)."""
    s3_secret_key: SecretStr | None = None
    s3_path_style: bool = True
    bucket: Annotated[str, AfterValidator(check_bucket)] = "tintype"
    """Where uploads go."""
    buckets: str = ""
    """Which buckets may be used at all; see ``core.buckets``. Empty: all that can be reached."""

    model: str | None = None
    """None: zhang-eccv16 if it has been pulled, else tint-small."""
    models_dir: Path | None = None
    """A folder of the user's own models, looked up before the catalogue."""
    downloads_dir: Path = Field(default_factory=lambda: user_data_path("tintype") / "models")
    engine: str = "auto"
    """What runs the network: opencv, openvino, onnxruntime, or auto, the fastest installed."""
    threads: int = Field(default=0, ge=0)
    """Threads for one forward pass; 0 shares the cores between a worker's children."""

    queues: Annotated[str, Field(pattern=QUEUES)] = "high,normal,low"
    """Priorities whose jobs a worker takes; it always takes those that waited, and batches."""
    concurrency: int = Field(default=0, ge=0)
    """Children of one worker process, each with its own loaded network; 0: see ``children``."""
    max_pixels: int = Field(default=100_000_000, ge=1)
    max_bytes: int = Field(default=64 * MIB, ge=1)
    max_memory: Annotated[int, Field(ge=0), AfterValidator(check_memory)] | None = None
    """Bytes that a worker's child may take beyond what it holds; 0: no limit; None: ``memory``."""
    max_queued: int = Field(default=100_000, ge=0)
    """Jobs that may wait; more are refused with 429. 0: no limit."""
    batch_window: int = Field(default=2000, ge=1)
    """Jobs of one batch that may wait or run at a time, and ended ones that Redis remembers."""
    max_attempts: int = Field(default=3, ge=1)
    job_timeout: TimeLimit = 120
    """Seconds that one attempt may take; a hang is killed 10 s later."""
    storage_patience: Seconds = 3600
    """Seconds that a job keeps trying while storage is away; it waits in the queue meanwhile."""
    job_ttl: Seconds = 7 * 24 * 3600
    """Seconds that an ended job is remembered."""
    upload_ttl: Seconds = 24 * 3600
    """Seconds after which an upload that no job has used is deleted."""
    drain_seconds: Seconds = 25
    """Seconds after SIGTERM until a worker gives back what it has not finished."""
    webhook_secret: SecretStr | None = None
    """Signs deliveries: ``whsec_`` and base64; several, separated by spaces, while it changes."""
    webhook_url: Annotated[str, AfterValidator(check_webhook_url)] | None = None
    """For jobs that name none."""
    webhook_allow: Networks = ""
    """Private networks that webhooks may reach, with or without TLS, separated by commas."""
    hooks_secret: Annotated[SecretStr, AfterValidator(check_secrets)] | None = None
    """What senders of bucket events show; several, separated by spaces, while it changes."""
    sns_topics: Annotated[str, AfterValidator(check_topics)] = ""
    """ARNs of the Amazon SNS topics whose signed messages are believed, separated by commas."""
    rules: Path | None = None
    """TOML file that says which bucket events become jobs; see ``api.hooks.rules``."""
    keys: Literal["off", "required"] | None = None
    """Whether requests need a key. None: unless the API listens on loopback alone."""
    allow_anonymous: bool = False
    """Whether an API may listen to other machines and need no key."""
    hosts: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:\[\], -]*$")] = ""
    """Names by which an API without keys may be called beside localhost, separated by commas."""
    rate_limit: Annotated[str, Field(pattern=RATE)] | Literal["none"] = "600/minute"
    """Requests of one key, unless the key says otherwise."""
    cors_origins: Annotated[str, AfterValidator(check_origins)] = ""
    """Origins of other sites whose pages may use the API with a key, separated by commas."""
    api_processes: int = Field(default=2, ge=1)
    api_threads: int = Field(default=64, ge=4)
    """Requests that one API process answers at a time; half may wait for jobs, a quarter stream."""
    presign_seconds: int = Field(default=900, ge=1, le=MOST_PRESIGN)
    """Whoever holds such a URL needs no key."""
    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Where a worker tells Prometheus of its own processes; 0: nowhere."""
    metrics_host: str = "127.0.0.1"
    """Address of that port."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "json", "pretty"] = "auto"
    """How logs are written; auto: pretty on a terminal, else JSON, one object a line."""
    otel: bool = False
    """Whether traces are sent (OpenTelemetry); the extra ``otel`` does it, by OTEL_ variables."""

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment.

        Raises:
            InvalidSetting: a variable has a value that cannot work; the message names it.
        """
        try:
            settings = cls()
        except ValidationError as error:
            problems = "; ".join(
                f"TINTYPE_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()
            )
            raise InvalidSetting(problems) from error
        except InvalidBucket as error:
            raise InvalidSetting(f"TINTYPE_BUCKET: {error}") from error
        except InvalidWebhook as error:
            raise InvalidSetting(f"TINTYPE_WEBHOOK_URL: {error}") from error
        _ = settings.broker
        try:
            Access.parse(settings.buckets)
        except (InvalidBucket, InvalidSetting) as error:
            raise InvalidSetting(f"TINTYPE_BUCKETS: {error}") from error
        return settings

    @property
    def broker(self) -> str:
        """The URL of Celery's broker.

        Raises:
            InvalidSetting: the state is in a cluster, which Celery cannot use.
        """
        if self.broker_url is None and parse_redis_url(self.redis_url).mode is Mode.CLUSTER:
            raise InvalidSetting(
                "TINTYPE_BROKER_URL: TINTYPE_REDIS_URL names a cluster, which Celery cannot use; "
                "name a Redis beside it, or its sentinels"
            )
        return self.broker_url or self.redis_url

    @property
    def has_own_broker(self) -> bool:
        """Whether the broker is another Redis than the one that has the state."""
        return self.broker_url not in {None, self.redis_url}

    @property
    def access(self) -> Access:
        """What jobs may read and write."""
        return Access.parse(self.buckets).with_own(self.bucket)

    @property
    def memory(self) -> int:
        """Bytes that one process may take for its work; by default what ``max_pixels`` need."""
        if self.max_memory is None:
            return BASE_MEMORY + self.max_pixels * BYTES_A_PIXEL
        return self.max_memory

    @property
    def children(self) -> int:
        """How many children a worker has: by default one for each core, at most four."""
        return self.concurrency or min(MOST_CHILDREN, cores())

    def without(self, *names: str) -> "Settings":
        """Return these settings with some at their defaults, whatever the environment says."""
        kept = {name: getattr(self, name) for name in self.model_fields_set - set(names)}
        return Settings.model_construct(_fields_set=set(kept), **kept)

    def as_environment(self) -> dict[str, str]:
        """Return the variables from which another process reads these same settings."""
        out = {}
        for name in self.model_fields_set:
            value = getattr(self, name)
            if value is not None:
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                out[f"TINTYPE_{name.upper()}"] = str(plain)
        return out
