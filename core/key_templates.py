"""Where the results of many photographs go: one template for all their keys."""

import re
from hashlib import sha256
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from core.errors import InvalidKeyTemplate
from core.formats import EXTENSIONS, READABLE, SUFFIXES, OutputFormat, ending, format_of
from core.objects import ObjectRef, check_prefix

PLACEHOLDERS = ("path", "key", "folder", "name", "stem", "hash")
MAX_TEMPLATE = 500
HASH_DIGITS = 16


def check_key_template(template: str) -> str:
    """Return the template if it gives every photograph a key of its own.

    ``{path}`` is the source's key below the prefix, ``{folder}`` and ``{name}`` are its parts
    (the folder with its slash), ``{stem}`` is the name without its ending, ``{key}`` the whole
    key, ``{hash}`` 16 hexadecimal digits that stand for bucket and key.

    Raises:
        InvalidKeyTemplate: a placeholder is unknown, or two sources could share a result.
    """
    if len(template) > MAX_TEMPLATE:
        raise InvalidKeyTemplate(f"a key template has at most {MAX_TEMPLATE} characters")
    try:
        parts = [*Formatter().parse(template)]
    except ValueError as error:
        raise InvalidKeyTemplate(f"the key template cannot be read: {error}") from error
    used = {name for _, name, _, _ in parts if name is not None}
    odd = [name for _, name, spec, how in parts if name not in (None, *PLACEHOLDERS) or spec or how]
    if odd:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise InvalidKeyTemplate(f"the key template knows {known}, not {{{odd[0]}}}")
    if not used & {"path", "key", "hash"} and not used >= {"folder", "name"}:
        raise InvalidKeyTemplate(
            "results could share a key: the key template needs {path}, {key}, {hash}, "
            "or {folder} and {name}"
        )
    check_prefix(re.sub(r"\{\w+\}", "x", template))
    return template


KeyTemplate = Annotated[str, AfterValidator(check_key_template)]


def result_key(
    template: str, prefix: str, source: ObjectRef, below: str, format: OutputFormat | None
) -> str:
    """Return the key of a source's result: the prefix, then the filled template.

    ``below`` is the prefix that the source's ``{path}`` leaves out. A key whose ending does not say
    the format of the result gets one more: ``scan.bmp.png``.
    """
    path = source.key.removeprefix(below).lstrip("/") or source.key
    folder, slash, name = path.rpartition("/")
    filled = template.format(
        path=path,
        key=source.key,
        folder=folder + slash,
        name=name,
        stem=name.rpartition(".")[0] or name,
        hash=sha256(f"{source.bucket}/{source.key}".encode()).hexdigest()[:HASH_DIGITS],
    )
    key = prefix + filled
    if format is None:
        # What can be read and not written becomes PNG.
        return f"{key}.png" if ending(key) in READABLE - set(SUFFIXES) else key
    return key if format_of(key) == format else f"{key}.{EXTENSIONS[format]}"


def fixed_start(template: str) -> str:
    """Return what every key of the template begins with."""
    start = ""
    for text, name, _, _ in Formatter().parse(template):
        start += text
        if name is not None:
            break
    return start
