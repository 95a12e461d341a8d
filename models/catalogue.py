"""Finding a network by name, folder or default."""

from importlib.resources import files
from pathlib import Path

from core.errors import ModelCorrupt, UnknownModel
from core.settings import Settings
from models.manifest import MANIFEST, Manifest, Model, open_folder

NETWORKS = Path(str(files("models"))) / "networks"
PREFERRED = "zhang-eccv16"
BUNDLED = "tint-small"


class Catalogue:
    """The networks that come with Tintype, and those in the user's own folder."""

    def __init__(
        self,
        downloads: Path,
        own: Path | None = None,
        default: str | None = None,
        networks: Path = NETWORKS,
    ) -> None:
        self._downloads = downloads
        self._own = own
        self._default = default
        self._networks = networks

    @classmethod
    def from_settings(cls, settings: Settings) -> "Catalogue":
        """Return the catalogue that the settings describe."""
        return cls(settings.downloads_dir, settings.models_dir, settings.model)

    def models(self) -> list[Model]:
        """Return every network, installed or not, sorted by name. The user's own win."""
        found = {model.name: model for model in (*self._shipped(), *self._users_own())}
        return [found[name] for name in sorted(found)]

    def get(self, name: str | None = None) -> Model:
        """Return a network by name, or the default one.

        Raises:
            UnknownModel: there is none of that name.
        """
        if name is None:
            return self.default()
        for model in self.models():
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.models())
        raise UnknownModel(f"no model is named {name!r}; known are: {known}")

    def find(self, name_or_folder: str | None) -> Model:
        """Return a network by name or by a path to its folder.

        Raises:
            UnknownModel: it is neither.
            ModelCorrupt: it is a folder without a network.
        """
        if name_or_folder and Path(name_or_folder).is_dir():
            return open_folder(Path(name_or_folder))
        return self.get(name_or_folder)

    def default(self) -> Model:
        """Return TINTYPE_MODEL, else zhang-eccv16 if it has been pulled, else tint-small."""
        if self._default:
            return self.find(self._default)
        preferred = self.get(PREFERRED)
        return preferred if preferred.installed else self.get(BUNDLED)

    def _shipped(self) -> list[Model]:
        """Networks of the catalogue; one with a URL lives in the downloads folder."""
        models = []
        for path in sorted(self._networks.glob(f"*/{MANIFEST}")):
            manifest = Manifest.read(path)
            remote = any(file.url for file in manifest.files.values())
            folder = self._downloads / manifest.name if remote else path.parent
            models.append(Model(manifest, folder))
        return models

    def _users_own(self) -> list[Model]:
        """Networks in TINTYPE_MODELS_DIR: the folder itself, or each folder in it."""
        if self._own is None or not self._own.is_dir():
            return []
        folders = [self._own, *sorted(path for path in self._own.iterdir() if path.is_dir())]
        models = []
        for folder in folders:
            try:
                models.append(open_folder(folder))
            except ModelCorrupt:
                if (folder / MANIFEST).is_file():
                    raise
        return models
