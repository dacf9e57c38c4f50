"""Refusals in words: what the gate's statement found, as reasons a person can act on."""

from __future__ import annotations

from typing import Any

from graph.decision import Reason
from graph.rules.pattern import LONGEST_TEXT

Found = dict[str, Any]


def explain(
    found: Found, *, item_id: str, action: str, actor_id: str | None, state: str | None, rule: str | None
) -> Reason:
    """One reason from what the statement found: its `code`, and details by which the sentence is made."""
    code = str(found["code"])
    return Reason(code, _message(code, found, item_id, action, actor_id, state), found.get("guard") or rule)


def _message(code: str, found: Found, item: str, action: str, actor: str | None, state: str | None) -> str:
    match code:
        case "UNKNOWN_ITEM":
            return f"There is no item '{item}'."
        case "UNKNOWN_ACTOR":
            if not actor:
                return "No actor is named; give actor_id (a declared actor_role counts only where it is trusted)."
            return f"There is no actor '{actor}'; create the actor and grant a role first."
        case "UNKNOWN_ACTION":
            return f"The workflow of '{item}' has no action '{action}'."
        case "NOT_FROM_THIS_STATE":
            return f"'{action}' is not possible while '{item}' is in '{state}'."
        case "FINAL_STATE":
            return f"'{item}' is in '{state}', which is final."
        case "ROLE_NOT_ALLOWED":
            return _role_message(found, action, actor, state)
        case "RELATION_NOT_MET":
            return f"'{actor}' is not in the relation '{action}' needs: {' or '.join(map(str, found['relations']))}."
        case "SAME_ACTOR":
            return f"'{actor}' has fired '{found['action']}' on '{item}', so somebody else must do '{action}'."
        case "INPUT_MISSING":
            return f"'{action}' needs the input '{found['input']}'{shape(found['schema'])}."
        case "INPUT_INVALID":
            return f"The input '{found['input']}' does not fit{shape(found['schema'])}."
        case "STALE_VERSION":
            return f"'{item}' is at version {found['version']}; read it again and decide anew."
        case "LIMIT_REACHED":
            return f"The limit '{found['guard']}' is reached: it is {found.get('actual')} already."
        case "GUARD_FAILED":
            actual = f", but it is {found['actual']}" if found.get("actual") is not None else ""
            missing = f"; missing: {', '.join(found['missing'])}" if found.get("missing") else ""
            return f"The condition '{found['guard']}' does not hold{actual}{missing}."
        case "INDETERMINATE":
            return f"The condition '{found['guard']}' cannot be evaluated, so '{action}' is not applied."
        case "COMMAND_ID_REUSED":
            return "This command id was used before with another action, actor or inputs; send a new id."
        case "RULE_BROKEN":
            return _BROKEN[str(found.get("broken", "rule"))].format(item=item, action=action, state=state)
    return code


_BROKEN = {
    "state": "'{item}' is not in exactly one state; the graph was edited by hand, mend its IN_STATE.",
    "target": "The rule for '{action}' in '{state}' does not lead to exactly one state; mend its TO.",
    "endless": "After '{action}' the automatic transitions go on without an end; mend the rules.",
    "rule": "A rule that '{action}' in '{state}' needs cannot be evaluated; mend it in the graph.",
}


def _role_message(found: Found, action: str, actor: str | None, state: str | None) -> str:
    if found.get("builtin"):
        return f"'{actor}' is the system itself; nobody may act in its name."
    if kinds := found.get("kinds"):
        return f"'{action}' must be done by a {' or '.join(map(str, kinds))}, which '{actor}' is not."
    return f"'{actor}' has no role that may do '{action}' in '{state}'."


def shape(schema: Found) -> str:
    """What an input must look like, in brackets."""
    if schema.get("pattern") is not None:
        schema = schema | {"max_length": _longest(schema.get("max_length"))}
    parts = [f"{key.replace('_', ' ')} {value}" for key, value in schema.items() if value is not None and key != "type"]
    kind = schema.get("type") or "string"
    return f" ({', '.join([str(kind), *parts])})"


def _longest(given: Any) -> int:
    """Characters of a text that is held against a pattern; what a hand has made no number of them limits nothing."""
    return min(given, LONGEST_TEXT) if isinstance(given, int) else LONGEST_TEXT


def input_schema(alternatives: list[list[Found]]) -> dict[str, Any]:
    """JSON Schema of what an action takes; what every alternative of the action demands is required."""
    properties: dict[str, Any] = {}
    for inputs in alternatives:
        for given in inputs:
            properties.setdefault(given["name"], _property(given))
    names = [{given["name"] for given in inputs} for inputs in alternatives]
    required = [name for name in properties if all(name in some for some in names)]
    return {"type": "object", "properties": properties, "required": required}


_KEYWORDS = {
    "string": {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"},
    "array": {"min_length": "minItems", "max_length": "maxItems"},
}


def _property(given: Found) -> dict[str, Any]:
    kind = str(given.get("type") or "string")
    schema: dict[str, Any] = {"type": kind}
    words = {**_KEYWORDS.get(kind, {}), "minimum": "minimum", "maximum": "maximum", "enum": "enum"}
    schema.update({word: given[key] for key, word in words.items() if given.get(key) is not None})
    if "pattern" in schema:
        # The gate matches the whole text; JSON Schema looks for a part of it.
        schema["pattern"] = f"^(?:{schema['pattern']})$"
        schema["maxLength"] = _longest(schema.get("maxLength"))
    if kind == "string" and "minLength" not in schema:
        schema["minLength"] = 1
    return schema
