import re

import pytest
from flask.testing import FlaskClient

from api.pages import FOLDER

FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file())
INLINE = re.compile(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def test_the_address_itself_is_the_page(client: FlaskClient) -> None:
    answer = client.get("/", buffered=True)
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert "Tintype" in answer.get_data(as_text=True)


def test_the_page_may_load_its_own_parts_alone(client: FlaskClient) -> None:
    answer = client.get("/", buffered=True)
    policy = dict(
        part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; ")
    )
    assert policy.pop("default-src") == policy.pop("base-uri") == "'none'"
    assert policy.pop("frame-ancestors") == "'none'"
    assert policy.pop("img-src") == "'self' blob:"
    assert set(policy.values()) == {"'self'"}
    assert {"script-src", "style-src", "connect-src", "form-action"} <= set(policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_page_has_nothing_inline_and_names_no_other_host() -> None:
    page = (FOLDER / "index.html").read_text()
    assert INLINE.search(page) is None
    for name in FILES:
        if name.endswith((".html", ".css", ".js")):
            addresses = re.findall(r"https?://[\w.-]+", (FOLDER / name).read_text())
            assert set(addresses) <= {"http://www.w3.org"}, name


@pytest.mark.parametrize("name", FILES)
def test_every_part_comes_as_what_it_is(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/web/{name}", buffered=True)
    assert answer.status_code == 200
    assert answer.data == (FOLDER / name).read_bytes()
    assert answer.mimetype != "application/octet-stream"
    assert answer.headers["Cache-Control"] == "no-cache"
    again = client.get(
        f"/web/{name}", buffered=True, headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_every_part_that_is_named_is_there() -> None:
    named = set(re.findall(r'(?:src|href)="/web/([^"]+)"', (FOLDER / "index.html").read_text()))
    for name in FILES:
        if name.endswith(".js"):
            modules = re.findall(r"(?:from|import) '\./([^']+)'", (FOLDER / name).read_text())
            named |= {f"js/{module}" for module in modules}
    assert named
    assert named <= set(FILES)


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "js", "none.js"])
def test_nothing_else_is_handed_out(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/web/{name}", buffered=True)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_the_documentation_loads_nothing_from_elsewhere_either(client: FlaskClient) -> None:
    policy = client.get("/docs/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in policy
