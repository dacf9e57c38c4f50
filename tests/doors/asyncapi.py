"""Whether a message of ours is as the document of the bus says."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft7Validator
from nats.aio.msg import Msg

from consumers.asyncapi import document
from graph.published import EMITTED, PUBLISHED, Told

_DEAD = "dead."


@cache
def _validator(name: str) -> Draft7Validator:
    components: Any = document()["components"]
    return Draft7Validator({"$ref": f"#/components/schemas/{name}", "components": components})


def check(message: Msg) -> None:
    """Fails for what we have told otherwise; what a test itself has sent is no business of ours."""
    headers = dict(message.headers or {})
    if message.subject.startswith(_DEAD):
        _validator("DeadHeaders").validate(headers)
    elif headers.get("ce-source") == "stategate":
        _validator("ToldHeaders").validate(headers)
        model: type[Told] = {model.subject: model for model in PUBLISHED}.get(message.subject, EMITTED)
        _validator(model.__name__.lstrip("_")).validate(json.loads(message.data))
        # The document lets a reader bear fields that come to be; none may come unsaid.
        model.model_validate_json(message.data)
