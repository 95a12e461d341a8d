"""Versions of what is kept in Redis; docs/decisions/schema-versions.md says when one is new."""

from collections.abc import Mapping

SCHEMA = 1
"""What this version writes into each record, as ``FIELD``."""
OLDEST = max(1, SCHEMA - 1)
"""What it still reads."""
FIELD = "v"
HEADER = "schema"
"""Of messages, for people: what counts is the version of the record that a message names."""


def schema_of(fields: Mapping[str, str]) -> int:
    """Return the version of a record; one that says none is older than versions, which is 1.

    Raises:
        ValueError: it is no version that this one, or a later one, writes.
    """
    found = int(fields.get(FIELD, 1))
    if found < OLDEST:
        raise ValueError(f"it is of schema {found}; upgrade from one version to the next")
    return found
