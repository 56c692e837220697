"""Files that ship with Sidereus: the model catalogue, the adapters of models and the starter collection."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def checkout() -> Path | None:
    """The root of the source checkout this package runs from, or None when it is installed elsewhere."""
    root = PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "models" / "catalog.toml").is_file() else None


def catalog_file() -> Path:
    """The tracked catalogue of models."""
    root = checkout()
    return root / "models" / "catalog.toml" if root else PACKAGE / "data" / "catalog.toml"


def adapter_folder(name: str) -> Path:
    """The folder of the adapters that make the model called ``name`` of another one."""
    root = checkout()
    return (root / "models" if root else PACKAGE / "data") / "adapters" / name


def training_queries() -> Path:
    """The folder of the written training queries, which only a source checkout has."""
    return (checkout() or PACKAGE.parent) / "models" / "training"


def starter_folder() -> Path:
    """The folder of the starter collection's JSON-lines files."""
    root = checkout()
    return root / "indexes" / "starter" if root else PACKAGE / "data" / "starter"


def turns_file() -> Path:
    """The model that tells what a person's turn in a conversation is."""
    root = checkout()
    return root / "models" / "turns.json" if root else PACKAGE / "data" / "turns.json"
