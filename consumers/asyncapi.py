"""What goes over the bus, as an AsyncAPI 3 document made of the models of events."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from inspect import getdoc
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from consumers.dead import PREFIX
from graph.events import ACCEPTED, HeardEvent
from graph.published import EMITTED, PUBLISHED, Told

_TEXT = {"type": "string"}
_HEADERS: dict[str, dict[str, Any]] = {
    "Told": {
        "type": "object",
        "description": "CloudEvents 1.0, binary mode.",
        "properties": {
            "Nats-Msg-Id": _TEXT | {"description": "the id of the event, the same when it is published again"},
            "ce-specversion": {"const": "1.0"},
            "ce-id": _TEXT | {"description": "as Nats-Msg-Id"},
            "ce-type": _TEXT | {"description": "the subject"},
            "ce-source": {"const": "stategate"},
            "ce-time": _TEXT | {"format": "date-time", "pattern": "Z$", "description": "when it happened, UTC"},
            "ce-subject": _TEXT | {"description": "the id of the item, or the name of the workflow, it is about"},
            "content-type": {"const": "application/json"},
            "traceparent": _TEXT | {"pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
        },
        "required": [
            *("Nats-Msg-Id", "ce-specversion", "ce-id", "ce-type", "ce-source", "ce-time", "ce-subject"),
            *("content-type", "traceparent"),
        ],
    },
    "Accepted": {
        "type": "object",
        "properties": {
            "Nats-Msg-Id": _TEXT
            | {"description": "the id of the command, of a message that is one and has none in its body"}
        },
    },
    "Dead": {
        "type": "object",
        "description": "Those the message had, but for NATS' own and those for which there is no room, and these.",
        "properties": {
            "Stategate-Reason": _TEXT,
            "Stategate-Place": _TEXT | {"description": "where it stood"},
            "Stategate-Msg-Id": _TEXT | {"description": "the Nats-Msg-Id it had"},
            "Stategate-Size": _TEXT | {"description": "the bytes its body had, when it was cut to fit"},
        },
        "required": ["Stategate-Reason", "Stategate-Place"],
    },
}


def document() -> dict[str, Any]:
    """The whole, as plain data: a channel for each subject, whose name has `_` for `.`."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    by_kind: dict[str, Sequence[type[Told | HeardEvent]]] = {"told": PUBLISHED, "accepted": ACCEPTED}
    for kind, models in by_kind.items():
        for model in models:
            name = model.subject.replace(".", "_")
            channel = channels.setdefault(name, {"address": model.subject, "messages": {}})
            channel["messages"][kind] = _message(model, kind.title())
            operations[f"{kind}_{name}"] = _operation("send" if kind == "told" else "receive", name, kind)
    channels["dead"] = {
        "address": f"{PREFIX}{{subject}}",
        "description": "What cannot be read or handled, or an event that cannot be published; whole where it fits.",
        "parameters": {"subject": {"description": "the subject it came on, or was to be published on"}},
        "messages": {"told": {"headers": _ref("DeadHeaders"), "payload": {}}},
    }
    operations["told_dead"] = _operation("send", "dead", "told")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stategate",
            "version": version("stategate"),
            "description": "JSON on NATS JetStream. Fields nobody knows are ignored; a field without a value is left "
            "out. A rule may emit an event on any other subject that a stream keeps, which has the body `Decided`.",
        },
        "defaultContentType": "application/json",
        "servers": {"nats": {"host": "localhost:4222", "protocol": "nats"}},
        "channels": channels,
        "operations": operations,
        "components": {"schemas": _schemas([*PUBLISHED, *ACCEPTED])},
    }


def _message(model: type[BaseModel], headers: str) -> dict[str, Any]:
    return {
        "name": model.__name__,
        "summary": getdoc(model),
        "headers": _ref(f"{headers}Headers"),
        "payload": _ref(model.__name__),
    }


def _operation(action: str, channel: str, message: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas(models: list[type[BaseModel]]) -> dict[str, Any]:
    _, found = models_json_schema(
        [(model, "validation") for model in [*models, EMITTED]], ref_template="#/components/schemas/{model}"
    )
    # That nothing else is written is our own business; a reader is to bear a field that comes to be.
    schemas = {
        name.lstrip("_"): {key: value for key, value in schema.items() if key != "additionalProperties"}
        for name, schema in found["$defs"].items()
    }
    return dict(sorted((schemas | {f"{name}Headers": schema for name, schema in _HEADERS.items()}).items()))


def main() -> int:
    """Writes `docs/asyncapi.json`; with `--check` says whether it is what the code makes."""
    path = Path(__file__).parents[1] / "docs" / "asyncapi.json"
    text = json.dumps(document(), indent=2) + "\n"
    if "--check" not in sys.argv:
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        sys.stderr.write("docs/asyncapi.json is not what the code makes; run `make schema`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
