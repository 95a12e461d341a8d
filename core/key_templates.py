"""Where the results of many photographs go: one template for all their keys."""

import re
from hashlib import sha256
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from core.errors import InvalidKeyTemplate
from core.formats import EXTENSIONS, READ_ONLY, READABLE, OutputFormat, ending, format_of
from core.objects import ObjectRef, check_prefix, folder_of

PLACEHOLDERS = ("path", "key", "folder", "name", "stem", "hash")
MAX_TEMPLATE = 500
HASH_DIGITS = 16
UNSAID: OutputFormat = "png"
"""What images become that can be read and not written."""


def check_key_template(template: str) -> str:
    """Return the template if it gives every photograph a key of its own.

    ``{path}`` is the source's key below the prefix's last slash, ``{folder}`` and ``{name}`` are
    its parts (the folder with its slash), ``{stem}`` is the name without its ending, ``{key}`` the
    whole key, ``{hash}`` 16 hexadecimal digits that stand for bucket and key.

    Raises:
        InvalidKeyTemplate: a placeholder is unknown, or two sources could share a result.
    """
    if len(template) > MAX_TEMPLATE:
        raise InvalidKeyTemplate(f"a key template has at most {MAX_TEMPLATE} characters")
    try:
        parts = [*Formatter().parse(template)]
    except ValueError as error:
        raise InvalidKeyTemplate(f"the key template cannot be read: {error}") from error
    used = [name for _, name, _, _ in parts if name is not None]
    odd = [name for _, name, spec, how in parts if name not in (None, *PLACEHOLDERS) or spec or how]
    if odd:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise InvalidKeyTemplate(f"the key template knows {known}, not {{{odd[0]}}}")
    after_folder = used[used.index("folder") :] if "folder" in used else ()
    if not {"path", "key", "hash"}.intersection(used) and "name" not in after_folder:
        raise InvalidKeyTemplate(
            "results could share a key: the key template needs {path}, {key}, {hash}, "
            "or {folder} and later {name}"
        )
    check_prefix(re.sub(r"\{\w+\}", "x", template))
    return template


KeyTemplate = Annotated[str, AfterValidator(check_key_template)]


def result_key(
    template: str, prefix: str, source: ObjectRef, below: str, format: OutputFormat | None
) -> str:
    """Return the key of a source's result: the prefix, then the filled template.

    ``below`` is the sources' prefix; ``{path}`` leaves out what it says of folders. A key whose
    ending does not say the format of the result gets one more: ``scan.bmp.png``. No two sources of
    a bucket share a key.
    """
    path = source.key.removeprefix(folder_of(below))
    folder, slash, name = path.rpartition("/")
    filled = template.format(
        path=path,
        key=source.key,
        folder=folder + slash,
        name=name,
        stem=name.rpartition(".")[0] or name,
        hash=sha256(f"{source.bucket}/{source.key}".encode()).hexdigest()[:HASH_DIGITS],
    )
    *_, (text, last, _, _) = Formatter().parse(template)
    if last in ("path", "key", "name"):
        return _told_apart(prefix + filled, format)
    # All keys end in the same way.
    same = "" if last else text
    if ending(f"x{same}") in READ_ONLY if format is None else format_of(f"x{same}") != format:
        return f"{prefix}{filled}.{EXTENSIONS[format or UNSAID]}"
    return prefix + filled


def _told_apart(key: str, format: OutputFormat | None) -> str:
    """Return a key with the ending of its format, another one for each key.

    As ``a.tif`` becomes ``a.tif.png``, ``a.tif.png`` becomes ``a.tif.png.png``. As ``a.png`` stays
    what it is, ``a`` becomes ``a.png.png``.
    """
    more = f".{EXTENSIONS[format or UNSAID]}"
    base, endings = key, 0
    while format_of(base) == (format or UNSAID):
        base = base.rpartition(".")[0]
        endings += 1
    if format is None:
        return key + more if ending(base) in READ_ONLY else key
    if endings == 1 and ending(base) not in READABLE:
        return key
    return key + (more if endings or ending(base) in READABLE else more + more)


def fixed_start(template: str) -> str:
    """Return what every key of the template begins with."""
    start = ""
    for text, name, _, _ in Formatter().parse(template):
        start += text
        if name is not None:
            break
    return start
