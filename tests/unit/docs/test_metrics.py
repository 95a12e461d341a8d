"""The page about metrics has all that are exported, with their labels and words."""

import re

from redis import Redis

from tests.support.exposition import labels_of, of_everything, read
from tests.support.pages import ROOT
from tests.unit.worker.test_metrics import told

ROW = re.compile(r"^\| `(tintype_\w+)` \| (\w+) \| (.*?) ?\| (.+) \|$", re.MULTILINE)


def test_the_tables_are_what_is_exported(redis: Redis) -> None:
    families = read("".join(of_everything(redis, told)))
    exported = {
        name: (family.type, sorted(labels_of(family)), family.documentation)
        for name, family in families.items()
    }
    page = (ROOT / "docs" / "metrics.md").read_text()
    written = {
        name: (kind, sorted(re.findall(r"`(\w+)`", labels)), text)
        for name, kind, labels, text in ROW.findall(page)
    }
    assert written == exported
