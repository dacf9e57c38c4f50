"""The settings: STATEGATE_ variables or lines of `.env`. A server that is not named here gets started."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from jgo.constants import MAVEN_CENTRAL_URL
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from graph import fault_points
from stategate.errors import SetupError
from stategate.servers.jars import locked_versions
from stategate.servers.urls import require_url, without_secrets

PREFIX = "STATEGATE_"


def _user_folder(variable: str, fallback: str) -> Callable[[], Path]:
    return lambda: Path(os.environ.get(variable) or Path.home() / fallback).absolute() / "stategate"


def _absolute(path: Path) -> Path:
    """One spelling for one folder: left-over servers are recognised by it in their command line."""
    try:
        return path.expanduser().resolve()
    except RuntimeError as error:  # the home of somebody who has none, or links in a circle
        raise ValueError(str(error)) from error


def _locked(version: str) -> str:
    if version not in locked_versions():
        raise ValueError("no lock file for this version")
    return version


def _points(wanted: str) -> str:
    fault_points.parse(wanted)
    return wanted


def _url(*schemes: str) -> AfterValidator:
    return AfterValidator(lambda url: require_url(url, schemes))


def _nats_urls(urls: str) -> str:
    """One, or the servers of a cluster with commas between them."""
    for url in urls.split(","):
        require_url(url, ("nats", "tls", "ws", "wss"))
    return urls


def _redis_scheme(url: object) -> object:
    """The client knows Valkey's own scheme only by its older name."""
    return "redis" + url.removeprefix("valkey") if isinstance(url, str) and url.startswith("valkey") else url


_BOLT = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
Folder = Annotated[Path, AfterValidator(_absolute)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Neo4jUri = Annotated[str, _url(*_BOLT)]
NatsUrl = Annotated[str, AfterValidator(_nats_urls)]
ValkeyUrl = Annotated[str, BeforeValidator(_redis_scheme), _url("redis", "rediss")]
MavenUrl = Annotated[str, _url("http", "https")]
Size = Annotated[str, Field(pattern=r"^[1-9][0-9]*[kKmMgG]$")]
Version = Annotated[str, AfterValidator(_locked)]

_A_PORT = "a port from 0 to 65535"
_A_VERSION = f"one of {', '.join(locked_versions())}"


class Settings(BaseSettings):
    """Every setting with its default; each description says what a right value is, for the error message."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    neo4j_uri: Neo4jUri | None = Field(None, description="like bolt://host:7687 or neo4j+s://host")
    neo4j_user: str = Field("neo4j", description="a user's name")
    neo4j_password: SecretStr | None = Field(None, description="the user's password")
    neo4j_version: Version = Field(locked_versions()[0], description=_A_VERSION)
    neo4j_heap: Size | None = Field(None, description="a size like 512m or 2g")
    neo4j_page_cache: Size | None = Field(None, description="a size like 512m or 2g")
    nats_url: NatsUrl | None = Field(None, description="like nats://host:4222, or several with commas between them")
    nats_replicas: int = Field(3, ge=1, le=5, description="a number of copies from 1 to 5")
    valkey_url: ValkeyUrl | None = Field(None, description="like redis://host:6379/0")
    http_host: str = Field("127.0.0.1", description="an address of this machine")
    http_port: Port = Field(8000, description=_A_PORT)
    health_port: Port | None = Field(None, description=_A_PORT)
    planning_grpc_port: Port = Field(50051, description=_A_PORT)
    workflow_grpc_port: Port = Field(50056, description=_A_PORT)
    data_dir: Folder = Field(default_factory=_user_folder("XDG_DATA_HOME", ".local/share"), description="a folder")
    cache_dir: Folder = Field(default_factory=_user_folder("XDG_CACHE_HOME", ".cache"), description="a folder")
    maven_url: MavenUrl = Field(MAVEN_CENTRAL_URL, description="the base URL of a Maven repository")
    plugin_seconds: Seconds = Field(5.0, description="seconds, more than 0 and at most 600")
    trust_declared_role: bool = Field(False, description="true or false")
    keep_answers_days: int = Field(30, ge=1, le=36_500, description="a number of days, at least 1")
    fault_points: Annotated[str, AfterValidator(_points)] = Field("", description="like before-ack:3")


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process, `overrides` by field name first.

    SetupError names every wrong setting, its value (never a secret) and what would be right."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SetupError("\n".join(_explain(found) for found in error.errors())) from None
    except RuntimeError as error:
        raise SetupError(
            f"there is no folder to put data in by default ({error}); set STATEGATE_DATA_DIR and STATEGATE_CACHE_DIR"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"the file .env cannot be read ({error}); make it a text file of STATEGATE_ lines") from None


def settings_alone(folder: Path) -> Settings:
    """Servers of their own in `folder`, on free ports, whatever else runs on this machine."""
    ports = {"http_port": 0, "planning_grpc_port": 0, "workflow_grpc_port": 0}
    return load_settings(data_dir=folder, **ports, neo4j_uri=None, nats_url=None, valkey_url=None)


def _explain(found: ErrorDetails) -> str:
    name = str(found["loc"][0])
    field = Settings.model_fields[name]
    shown = "" if name == "neo4j_password" else f" is {without_secrets(str(found['input']))!r}, which"
    return f"{PREFIX}{name.upper()}{shown} is not right; it must be {field.description}"
