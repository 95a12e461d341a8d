"""Spans of calls to Redis and S3, by OpenTelemetry's semantic conventions.

Clients of a process that traces nothing are left as they are.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import NoScriptError

from core.tracing.spans import Value, client_span, is_on

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SCRIPTS: dict[str, str] = {}
"""The names of Lua scripts by their SHA-1."""
_SPAN = "tintype.span"
About = dict[str, Value]


def trace_redis(client: Redis) -> Redis:
    """Have a client make a span of each command and of each pipeline."""
    if is_on():
        plain: Callable[..., Any] = client.execute_command
        plain_pipeline = client.pipeline
        where = _where_redis(client)

        def execute_command(*arguments: Any, **options: Any) -> Any:
            name, about = _command(*arguments[:2])
            with client_span(name, where | about):
                try:
                    return plain(*arguments, **options)
                except NoScriptError as error:
                    # Nothing has failed: the script is sent now.
                    unknown = error
            raise unknown

        def pipeline(*arguments: Any, **options: Any) -> Pipeline:
            return _traced_pipeline(plain_pipeline(*arguments, **options), where)

        client.execute_command = execute_command  # type: ignore[method-assign]
        client.pipeline = pipeline  # type: ignore[method-assign]
    return client


def trace_s3(client: "S3Client") -> "S3Client":
    """Have a client make a span of each call, from the request to the first bytes of the answer."""
    if is_on():
        events = client.meta.events
        events.register("before-parameter-build.s3", _note_object)
        events.register("before-call.s3", _begin)
        events.register("after-call.s3", _end)
        events.register("after-call-error.s3", _end_badly)
    return client


def _command(command: str, first: object = None) -> tuple[str, About]:
    """Return a span's name and attributes; what is written and read stays out of both."""
    script = SCRIPTS.get(str(first)) if command == "EVALSHA" else None
    about: About = {"db.operation.name": command}
    if script is None:
        return command, about
    return f"{command} {script}", about | {"db.stored_procedure.name": script}


def _traced_pipeline(pipeline: Pipeline, where: About) -> Pipeline:
    plain = pipeline.execute

    def execute(*arguments: Any, **options: Any) -> Any:
        about: About = {
            "db.operation.name": "PIPELINE",
            "db.operation.batch.size": len(pipeline.command_stack),
        }
        with client_span("PIPELINE", where | about):
            return plain(*arguments, **options)

    pipeline.execute = execute  # type: ignore[method-assign]
    return pipeline


def _where_redis(client: Redis) -> About:
    known = client.get_connection_kwargs()
    about: About = {
        "db.system.name": "redis",
        "db.namespace": str(known.get("db", 0)),
    }
    if "host" in known:
        about |= {"server.address": known["host"], "server.port": known.get("port", 6379)}
    return about


def _note_object(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    names = {"Bucket": "aws.s3.bucket", "Key": "aws.s3.key"}
    context[_SPAN] = {known: params[name] for name, known in names.items() if name in params}


def _begin(model: Any, context: dict[str, Any], **_: Any) -> None:
    about = {
        "rpc.system": "aws-api",
        "rpc.service": "S3",
        "rpc.method": model.name,
        **context.get(_SPAN, {}),
    }
    stack = ExitStack()
    context[_SPAN] = stack, stack.enter_context(client_span(f"S3.{model.name}", about))


def _end(http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    stack, span = context.pop(_SPAN)
    status = http_response.status_code
    span.set({"http.response.status_code": status})
    if request := parsed.get("ResponseMetadata", {}).get("RequestId"):
        span.set({"aws.request_id": request})
    if status >= 400:
        span.fail(str(parsed.get("Error", {}).get("Code") or status))
    stack.close()


def _end_badly(exception: Exception, context: dict[str, Any], **_: Any) -> None:
    stack, span = context.pop(_SPAN)
    span.fail(type(exception).__name__)
    stack.close()
