"""Messages for the queue: good ones, and all kinds that no worker can work on."""

import base64
import json
from typing import Any

from core.broker import COLORIZE_TASK

JOB = "0198c0de-0000-7000-8000-000000000000"


def content(*parts: Any) -> str:
    """Return a body as Celery writes it."""
    return base64.b64encode(json.dumps(parts).encode()).decode()


NOTHING_MORE = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


def message(body: str | None = None, **headers: Any) -> str:
    """Return a good message, or one with another body or other headers."""
    return json.dumps(
        {
            "body": content([JOB], {}, NOTHING_MORE) if body is None else body,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {
                "task": COLORIZE_TASK,
                "id": JOB,
                "eta": None,
                "expires": None,
                "retries": 0,
                "timelimit": [None, None],
                "lang": "py",
            }
            | headers,
            "properties": {
                "delivery_tag": "a tag",
                "delivery_info": {"exchange": "", "routing_key": "tintype.normal"},
                "body_encoding": "base64",
                "delivery_mode": 2,
            },
        }
    )


def without(name: str) -> str:
    """Return a message without one of its parts."""
    return json.dumps({k: v for k, v in json.loads(message()).items() if k != name})


_TEXTS = {
    "no JSON": "garbage{",
    "a number": "42",
    "a list": "[]",
    "an empty object": "{}",
    "deep": "[" * 100_000,
    **{f"no {name}": without(name) for name in ("body", "headers", "properties", "content-type")},
    "pickled": message().replace("application/json", "application/x-python-serialize"),
    "another task": message(task="celery.accumulate"),
    "a task that is no name": message(task=["x"]),
    "no id": message(id=None),
    "a time": message(eta="next year"),
    "retries": message(retries="many"),
    "time limits": message(timelimit=["x", "y"]),
    "a time limit that ends all": message(timelimit=[0.01, None]),
    "a soft limit that ends all": message(timelimit=[None, -1]),
    "no end": message().replace("[null, null]", "[Infinity, null]"),
    "a traceparent that is no text": message(traceparent=5),
    "a tracestate that is no text": message(tracestate=["x=1"]),
    "headers in its headers": message(headers={"traceparent": 5}),
    "a number for headers": message(headers=5),
    "no base64": message("%"),
    "no JSON inside": message(base64.b64encode(b"{").decode()),
    "nothing inside": message(content()),
    "no arguments": message(content([], {}, NOTHING_MORE)),
    "two arguments": message(content([JOB, JOB], {}, NOTHING_MORE)),
    "an id that is none": message(content(["../../etc"], {}, NOTHING_MORE)),
    "an id that is an object": message(content([{}], {}, NOTHING_MORE)),
    "a name": message(content([JOB], {"job_id": JOB}, NOTHING_MORE)),
    "something to do afterwards": message(
        content([JOB], {}, NOTHING_MORE | {"callbacks": [{"task": "x"}]})
    ),
    "a list of things to do": message(content([JOB], {}, [1])),
}
POISON = {what: text.encode() for what, text in _TEXTS.items()} | {"no UTF-8": b"\xff\xfe"}
"""By what is wrong with it."""
