"""The catalogue of networks: find one by name, verify it, fetch it."""

from models.catalogue import Catalogue
from models.manifest import Manifest, Model, ModelFile

__all__ = ["Catalogue", "Manifest", "Model", "ModelFile"]
