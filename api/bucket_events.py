"""``POST /v1/hooks/s3``: buckets tell what has arrived, and rules make jobs of it."""

import json
import logging
from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint
from flask import Request, request

from api.accepting import accept
from api.hooks.arrivals import Arrival, Events, Refusal
from api.hooks.events import parse_body, read
from api.hooks.rules import Rule
from api.hooks.sns import CONFIRMATION, NOTIFICATION, SnsMessage
from api.problems import problem
from api.requests import read_body
from api.schemas import EventAnswer, RefusedEvent
from api.services import Services, services
from core.errors import PermanentError, QueueFull
from core.jobs import Idempotency, Job
from core.objects import ObjectRef

MOST_BYTES = 1024 * 1024
bp = APIBlueprint("bucket_events", __name__, url_prefix="/v1/hooks", tag="Bucket events")
log = logging.getLogger(__name__)


@bp.post("/s3")
@bp.output(EventAnswer)
def receive() -> Any:
    """Take the notification of a bucket.

    Amazon S3, SNS and EventBridge, MinIO and SeaweedFS are understood. The sender shows the secret
    of ``TINTYPE_HOOKS_SECRET`` as a Bearer token, as the password of Basic or as ``X-Api-Key``; or
    it is Amazon SNS and signs for a topic of ``TINTYPE_SNS_TOPICS``. The first rule of
    ``TINTYPE_RULES`` that matches makes a job of an object; the same event again makes no other.
    """
    s = services()
    message = _known_message(s, request)
    if message is None:
        return EventAnswer(jobs=[], ignored=0, refused=[])
    try:
        return _answer(s, read(message))
    except QueueFull as error:
        # Not 429: some senders give up at any 4xx.
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, error.code, str(error))


def _known_message(s: Services, request: Request) -> dict[str, Any] | None:
    """Return what a known sender has sent; None if that was only about a subscription."""
    shown = s.senders.check_secret(request.headers)
    body = parse_body(read_body(request, MOST_BYTES))
    sns = SnsMessage.of(body)
    if not shown:
        s.senders.check_signature(sns)
    if sns is None:
        return body
    if sns.type == NOTIFICATION:
        return parse_body(sns.message)
    if sns.type == CONFIRMATION:
        s.senders.confirm(sns)
    log.warning("%s of %r", sns.type, sns.topic_arn)
    return None


def _answer(s: Services, events: Events) -> EventAnswer:
    jobs, ignored, refused = [], events.ignored, [*events.refused]
    for arrival in events.arrivals:
        rule = s.rules.match(arrival.bucket, arrival.key)
        if rule is None:
            ignored += 1
            continue
        try:
            jobs.append(_accept(s, arrival, rule).id)
        except PermanentError as error:
            refused.append(Refusal.of(error, arrival.key))
    for each in refused:
        log.warning("event of %r refused: %s: %s", each.key, each.code, each.detail)
    return EventAnswer(
        jobs=[*dict.fromkeys(jobs)],
        ignored=ignored,
        refused=[RefusedEvent(**vars(each)) for each in refused],
    )


def _accept(s: Services, arrival: Arrival, rule: Rule) -> Job:
    """Return the job of an event, made now or when the same event came before."""
    order = rule.order(ObjectRef(bucket=arrival.bucket, key=arrival.key))
    if not arrival.write:
        return accept(s, order, None)
    # Its spaces are in no Idempotency-Key of a client.
    key = json.dumps(["bucket event", arrival.bucket, arrival.key, arrival.write, rule.digest])
    return accept(s, order, Idempotency.of(key, order.model_dump_json().encode()))
