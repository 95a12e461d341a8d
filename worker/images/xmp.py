"""XMP packets (ISO 16684-1): read without trust, written without chance."""

import re
from collections.abc import Callable, Iterator, Mapping
from xml.dom.minidom import Attr, Document, Element, Node, parseString
from xml.parsers.expat import ExpatError

MAX_XMP = 1024 * 1024
"""Bytes of a packet that is read; a longer one is replaced."""
MAX_DEPTH, MAX_TAGS = 100, 20_000
"""Of its elements; a packet that has more takes seconds."""
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMLNS = "http://www.w3.org/2000/xmlns/"
_META = "adobe:ns:meta/"
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END = '\n<?xpacket end="w"?>'
_EMPTY = f'<x:xmpmeta xmlns:x="{_META}"><rdf:RDF xmlns:rdf="{RDF}"></rdf:RDF></x:xmpmeta>'
_DECLARATION = re.compile(r"<!(?!--|\[CDATA\[)")
"""The beginning of a DTD, without which there are no entities."""
_UNSUITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no characters for (2.2)."""

Name = tuple[str, str]
"""Namespace and local name of a property."""


class Packet:
    """The properties of one packet; of one that cannot be read there are none."""

    def __init__(self, data: bytes | None) -> None:
        self._document = (_parse(data) if data else None) or parseString(_EMPTY)  # noqa: S318
        self._rdf = self._document.getElementsByTagNameNS(RDF, "RDF")[0]

    def remove(self, doomed: Callable[[Name], bool]) -> None:
        """Remove properties by their names."""
        for description in self._descriptions():
            for node in _properties(description):
                if doomed((node.namespaceURI or "", node.localName or "")):
                    _take_out(description, node)
            if next(_properties(description), None) is None:
                _take_out(self._rdf, description)

    def replace(self, values: Mapping[Name, str], prefixes: Mapping[str, str]) -> None:
        """Set the properties that are there already, and no others."""
        there = {
            (node.namespaceURI, node.localName)
            for description in self._descriptions()
            for node in _properties(description)
        }
        found = {name: value for name, value in values.items() if name in there}
        if found:
            self.set(found, prefixes)

    def set(self, values: Mapping[Name, str], prefixes: Mapping[str, str]) -> None:
        """Set properties in a description of their own, which is always the last."""
        about = self._about()
        self.remove(lambda name: name in values)
        description = self._document.createElementNS(RDF, "rdf:Description")
        # Elements that were read bring their declarations along, new ones do not.
        description.setAttributeNS(_XMLNS, "xmlns:rdf", RDF)
        for space in sorted({space for space, _ in values}):
            description.setAttributeNS(_XMLNS, f"xmlns:{prefixes[space]}", space)
        description.setAttributeNS(RDF, "rdf:about", about)
        for (space, name), value in values.items():
            element = self._document.createElementNS(space, f"{prefixes[space]}:{name}")
            text = _UNSUITABLE.sub("\ufffd", value)
            element.appendChild(self._document.createTextNode(text))
            description.appendChild(element)
        self._rdf.appendChild(description)

    def tobytes(self) -> bytes:
        """Return the packet in UTF-8, read-write and without padding."""
        root = self._document.documentElement
        assert root is not None
        return f"{_BEGIN}{root.toxml()}{_END}".encode()

    def _descriptions(self) -> Iterator[Element]:
        for node in list(self._rdf.childNodes):
            if isinstance(node, Element) and (node.namespaceURI, node.localName) == (
                RDF,
                "Description",
            ):
                yield node

    def _about(self) -> str:
        """Return what all descriptions of a packet are about (ISO 16684-1, 7.4)."""
        return next((each.getAttributeNS(RDF, "about") for each in self._descriptions()), "")


def _parse(data: bytes) -> Document | None:
    """Return the document if it is XMP that can be trusted to be only that.

    No DTD, so no entities and nothing that is fetched; bounded in size and in depth.
    """
    if len(data) > MAX_XMP:
        return None
    try:
        text = _decoded(data)
        too_much = text.count("<") > 2 * MAX_TAGS or _depth(text) > MAX_DEPTH
        if _DECLARATION.search(text) or too_much:
            return None
        document = parseString(text.encode())  # noqa: S318
        if not document.getElementsByTagNameNS(RDF, "RDF"):
            return None
        # What cannot be written again is of no use.
        document.toxml().encode()
    except (ExpatError, ValueError, RecursionError):
        return None
    return document


def _decoded(data: bytes) -> str:
    """Return the text from the first tag on, without the packet's wrapper and padding."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            text = data.decode(encoding)
            break
    else:
        text = data.decode("utf-8-sig")
    text = re.sub(r"<\?(?:xml|xpacket)\b.*?\?>", "", text, flags=re.DOTALL)
    return text.strip("\ufeff\0 \t\r\n")


def _depth(text: str) -> int:
    """Return a bound of how deep elements are nested: writing them out calls itself."""
    depth = deepest = 0
    for tag in re.finditer(r"<(/?)[^<>?!]*?(/?)>", text):
        depth += 0 if tag[2] else -1 if tag[1] else 1
        deepest = max(deepest, depth)
    return deepest


def _properties(description: Element) -> Iterator[Element | Attr]:
    """Yield a description's properties, in their long and in their short form."""
    attributes = description.attributes
    yield from (
        attribute
        for attribute in list(attributes.values())
        if attribute.namespaceURI not in {_XMLNS, RDF, None}
    )
    yield from (node for node in list(description.childNodes) if isinstance(node, Element))


def _take_out(parent: Element, node: Element | Attr) -> None:
    if isinstance(node, Attr):
        parent.removeAttributeNode(node)
        return
    before = node.previousSibling
    if before is not None and before.nodeType == Node.TEXT_NODE and not before.data.strip():
        parent.removeChild(before)
    parent.removeChild(node)
