from pathlib import Path

import pytest

from core.errors import ModelCorrupt, UnknownModel
from models import Catalogue
from models.catalogue import BUNDLED, PREFERRED
from tests.support.standin import write_standin


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(downloads=tmp_path / "downloads")


def test_the_catalogue_has_the_official_networks_and_the_bundled_one(catalogue: Catalogue) -> None:
    models = {model.name: model for model in catalogue.models()}
    assert set(models) == {"zhang-eccv16", "zhang-eccv16-norebal", "tint-small"}
    official = models["zhang-eccv16"].manifest.files["weights"]
    assert official.bytes == 128_946_764
    assert official.sha256.startswith("f5af1e60")
    assert all(file.url for _, file in models["zhang-eccv16"].files)


def test_the_bundled_network_is_complete_and_small(catalogue: Catalogue) -> None:
    model = catalogue.get(BUNDLED)
    model.verify()
    assert sum(file.bytes for _, file in model.files) <= 14_000_000


def test_the_default_is_the_bundled_network_until_the_official_one_is_there(
    catalogue: Catalogue,
) -> None:
    assert catalogue.default().name == BUNDLED
    official = catalogue.get(PREFERRED)
    official.folder.mkdir(parents=True)
    for role, file in official.files:
        with official.path(role).open("wb") as out:
            out.truncate(file.bytes)
    assert catalogue.default().name == PREFERRED


def test_a_setting_wins_as_default(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path, default="zhang-eccv16-norebal")
    assert catalogue.default().name == "zhang-eccv16-norebal"


def test_own_models_are_found_in_a_folder_of_folders(tmp_path: Path) -> None:
    write_standin(tmp_path / "own" / "mine")
    (tmp_path / "own" / "notes").mkdir()
    catalogue = Catalogue(tmp_path / "downloads", own=tmp_path / "own")
    assert catalogue.get("mine").installed


def test_a_folder_that_is_itself_a_model_is_found(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "downloads", own=write_standin(tmp_path / "mine"))
    assert catalogue.get("mine").installed


def test_find_takes_a_name_or_a_folder(tmp_path: Path, catalogue: Catalogue) -> None:
    folder = write_standin(tmp_path / "mine")
    assert catalogue.find(str(folder)).folder == folder
    assert catalogue.find("tint-small").name == "tint-small"
    assert catalogue.find(None).name == BUNDLED
    with pytest.raises(ModelCorrupt):
        catalogue.find(str(tmp_path))


def test_an_unknown_name_lists_the_known_ones(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownModel, match="tint-small"):
        catalogue.get("nope")
