"""The one settings object: defaults, then ``sidereus.toml``, then ``SIDEREUS_*`` variables, then flags."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from rag.errors import UsageError
from rag.resources import checkout


def default_home() -> Path:
    """The checkout when run from one, else the platform's data folder."""
    return checkout() or user_data_path("sidereus", appauthor=False)


class Settings(BaseSettings):
    """Everything that can be configured, with its default.

    ``home`` holds ``indexes/``, ``models/`` and ``var/`` (conversations and what was used last).
    """

    model_config = SettingsConfigDict(env_prefix="SIDEREUS_", extra="forbid", frozen=True)

    home: Path = Field(default_factory=default_home)
    index: str | None = None
    embedding: str | None = None
    llm: str | None = None
    embedding_key: SecretStr = SecretStr("")
    llm_key: SecretStr = SecretStr("")
    llm_context: int | None = Field(default=None, ge=512)
    llm_at_once: int | None = Field(default=None, ge=1)
    llm_patience: float = Field(default=60.0, gt=0.0)
    rerank: str | None = None
    offline: bool = False
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=1, le=65535)
    names: str = ""
    top_k: int = Field(default=6, ge=1, le=50)
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    max_tokens: int = Field(default=320, ge=16, le=4096)
    threads: int | None = Field(default=None, ge=1)
    workers: int = Field(default=1, ge=1, le=64)
    arxiv_url: str = Field(default="https://export.arxiv.org/api/query", pattern="^https?://")
    oai_url: str = Field(default="https://oaipmh.arxiv.org/oai", pattern="^https?://")
    arxiv_pause: float = Field(default=3.0, ge=0.0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        home = Path(os.environ.get("SIDEREUS_HOME") or default_home())
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, home / "sidereus.toml")

    @cached_property
    def indexes(self) -> Path:
        """Where indexes live."""
        return self.home / "indexes"

    @cached_property
    def models(self) -> Path:
        """Where model files live."""
        return self.home / "models"

    @cached_property
    def state(self) -> Path:
        """Where conversations and what was used last live."""
        return self.home / "var"


def load_settings(**flags: Any) -> Settings:
    """Settings with the given flags on top; flags that are None leave the other sources in charge.

    Raises UsageError when a value makes no sense.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"The setting {name!r} is not right: {first['msg']}; see the README's table of settings."
        ) from None
    except ValueError as error:  # a sidereus.toml that is no TOML
        raise UsageError(f"The file sidereus.toml can't be read: {error}.") from None


def secret(given: SecretStr, variable: str) -> str:
    """A secret, which may be in a file of its own (``@FILE``); empty when there is none.

    Raises UsageError when the file can't be read.
    """
    text = given.get_secret_value()
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{text[1:]} can't be read for {variable} ({error}): name a file that holds the key."
        ) from None
