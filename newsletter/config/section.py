"""The base of every part of config.yaml."""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """Base of every part: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_means_default(cls, given: Any) -> Any:
        """A key with nothing after it, as above lines that are commented out, counts as not written."""
        if given is None:
            return {}
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if value is not None or cls._takes_nothing(key)}

    @classmethod
    def _takes_nothing(cls, key: str) -> bool:
        field = cls.model_fields.get(key)
        return field is None or NoneType in get_args(field.annotation)
