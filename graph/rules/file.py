"""Rules as a YAML file: read with every problem named by line and place, written always the same way."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from graph.rules.expectation import Expectation, Fired, Given, Other, Then, When
from graph.rules.finding import Finding
from graph.rules.model import Children, Coupling, Guard, Input, Role, Start, State, Transition, Workflow

try:
    from yaml import CSafeLoader as FastLoader
except ImportError:  # a PyYAML that was built without the C library
    from yaml import SafeLoader as FastLoader  # type: ignore[assignment]

MAX_BYTES = 1_000_000
_MAX_DEPTH = 12
_TOLD = 50  # problems of one file
_HALF = re.compile("[\ud800-\udfff]")  # of a character beyond 16 bits: no text by itself
# What JSON leaves as it is and YAML does not: what is not printable there, and what breaks a line.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Parsed:
    workflow: Workflow | None
    findings: list[Finding]


class _FileError(Exception):
    """The text is not a rules file; the message says where."""


class _Loader(FastLoader):
    """YAML 1.2's idea of a truth value: a state may be called `on` or `no`."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str | bytes) -> Parsed:
    """The workflow of a file, or the findings that say why there is none."""
    try:
        node = _compose(text)
        lines: dict[tuple[Any, ...], int] = {}
        data = _plain(node, (), lines, yaml.SafeLoader(""))
    except _FileError as error:
        return Parsed(None, [_invalid(str(error))])
    except yaml.YAMLError as error:
        return Parsed(None, [_invalid(f"This is not YAML: {_yaml_problem(_told_better(text) or error)}")])
    if not isinstance(data, dict):
        return Parsed(None, [_invalid("A rules file is a mapping that begins with 'workflow:'.")])
    try:
        return Parsed(Workflow.model_validate(data), [])
    except ValidationError as error:
        problems = error.errors()
        told = [_invalid(_sentence(problem, data, lines)) for problem in problems[:_TOLD]]
        if len(problems) > _TOLD:
            told.append(_invalid(f"There are {len(problems) - _TOLD} more; mend these first."))
        return Parsed(None, told)


def _invalid(message: str) -> Finding:
    return Finding("error", "INVALID_FILE", message)


def _compose(text: str | bytes) -> yaml.Node:
    if isinstance(text, bytes):
        if len(text) > MAX_BYTES:
            raise _FileError(f"The file is larger than {MAX_BYTES} bytes.")
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _FileError(f"The file is not UTF-8: byte {error.start} cannot be read.") from error
    if len(text) > MAX_BYTES:
        raise _FileError(f"The file is larger than {MAX_BYTES} characters.")
    if half := _HALF.search(text):
        raise _FileError(f"Line {text.count(chr(10), 0, half.start()) + 1}: half of a character (a lone surrogate).")
    depth = 0
    # Events come before nodes are built, so an alias bomb or a tower of brackets is refused at no cost.
    for event in yaml.parse(text, Loader=FastLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _FileError(f"Line {_line(event)}: anchors and aliases are not allowed; write it out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise _FileError(f"Line {_line(event)}: nested deeper than {_MAX_DEPTH} levels.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    node = yaml.compose(text, Loader=_Loader)
    if node is None:
        raise _FileError("The file is empty.")
    return node


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _plain(node: yaml.Node, path: tuple[Any, ...], lines: dict[tuple[Any, ...], int], values: yaml.SafeLoader) -> Any:
    line = node.start_mark.line + 1
    lines[path] = line
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str) or _HALF.search(key):
                raise _FileError(f"Line {key_node.start_mark.line + 1}: a key must be a plain word.")
            if key in found:
                raise _FileError(f"Line {key_node.start_mark.line + 1}: '{key}' stands twice.")
            found[key] = _plain(value_node, (*path, key), lines, values)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value, (*path, index), lines, values) for index, value in enumerate(node.value)]
    try:
        value = values.construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise _FileError(f"Line {line}: '{node.value[:80]}' cannot be read as a value.") from error
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise _FileError(f"Line {line}: '{node.value[:80]}' is a number of more than 64 bits.")
    if not isinstance(value, str | int | float | bool) and value is not None:
        value = node.value
    if (isinstance(value, str) and _HALF.search(value)) or (isinstance(value, float) and not math.isfinite(value)):
        raise _FileError(f"Line {line}: {value!a} cannot be kept as a value.")
    return value


def _told_better(text: str | bytes) -> yaml.YAMLError | None:
    """What the slow reader says of a text that the fast one cannot read: it names the line more exactly."""
    try:
        # Events alone: what one reader refuses the other may take and go on, and nodes are built by recursion.
        for _ in yaml.parse(text, Loader=yaml.SafeLoader):
            pass
    except yaml.YAMLError as error:
        return error
    return None


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}{getattr(error, 'problem', None) or error}"


_MODELS: dict[str, type[BaseModel]] = {
    "transitions": Transition,
    "states": State,
    "guards": Guard,
    "inputs": Input,
    "couples": Coupling,
    "children": Children,
    "roles": Role,
    "starts": Start,
    "expectations": Expectation,
    "given": Given,
    "when": When,
    "then": Then,
    "history": Fired,
    "depends_on": Other,
}


def _sentence(problem: Any, data: Any, lines: dict[tuple[Any, ...], int]) -> str:
    path = tuple(part for part in problem["loc"] if _is_place(part, problem))
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "the file"
    line = next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), 1)
    if problem["type"] == "extra_forbidden":
        return f"Line {line}: {place}: unknown key{_did_you_mean(path)}."
    if problem["type"] == "missing":
        return f"Line {line}: {place} is missing."
    message = problem["msg"].removeprefix("Value error, ")
    given = problem.get("input")
    hint = f" (found {given!r}; put it in quotes if it is a name)" if isinstance(given, bool | int | float) else ""
    return f"Line {line}: {place}: {message}{hint}."


def _is_place(part: Any, problem: Any) -> bool:
    """Pydantic's own words for branches of a union are no places in the file."""
    return isinstance(part, int) or (
        isinstance(part, str)
        and part not in {"[key]", "str", "int", "float", "bool"}
        and not part.startswith(("list[", "function-", "constrained-", "nullable"))
    )


def _did_you_mean(path: tuple[Any, ...]) -> str:
    owner = next((part for part in reversed(path[:-1]) if isinstance(part, str) and part in _MODELS), None)
    fields = (_MODELS[owner] if owner else Workflow).model_fields
    known = [info.alias or name for name, info in fields.items()]
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}"


def dump(workflow: Workflow) -> str:
    """The canonical text: the same workflow gives the same bytes."""
    out = [f"workflow: {_scalar(workflow.workflow)}", f"item: {workflow.item}"]
    out.append(f"roles: {_flow([_short(r) for r in workflow.roles])}")
    out += _block("starts", (_part(start) for start in workflow.starts))
    out += _block("couples", (_couple(workflow, couple) for couple in workflow.couples))
    out.append("states:")
    for name, state in workflow.states.items():
        body = {"kind": state.kind} | _part(state)
        if state.outcome == workflow.default_outcome(name):
            del body["outcome"]
        out.append(f"  {_scalar(name)}: {_flow(body)}")
    if workflow.transitions:
        out += _block("transitions", (_transition(workflow, t) for t in workflow.transitions))
    else:
        out.append("transitions: []")
    out += _block("expectations", (_expectation(expectation) for expectation in workflow.expectations))
    return "\n".join(out) + "\n"


def _block(name: str, rows: Iterable[Any]) -> list[str]:
    lines = [f"  - {_flow(row)}" for row in rows]
    return [f"{name}:", *lines] if lines else []


def _part(part: BaseModel) -> dict[str, Any]:
    return part.model_dump(by_alias=True, exclude_defaults=True)


def _expectation(expectation: Expectation) -> dict[str, Any]:
    found = _part(expectation)
    if actors := found["given"].get("actors"):
        found["given"]["actors"] = {
            name: actor if "kind" in actor else actor.get("roles", []) for name, actor in actors.items()
        }
    return found


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _short(part: BaseModel) -> Any:
    found = _part(part)
    return found["name"] if set(found) == {"name"} else found


def _in_order(workflow: Workflow, names: list[str]) -> list[str]:
    """Sets of states have no order of their own, so they take that of the states."""
    order = list(workflow.states)
    return sorted(names, key=lambda name: order.index(name) if name in order else -1)


def _couple(workflow: Workflow, couple: Coupling) -> dict[str, Any]:
    found = _part(couple)
    if couple.parent_state:
        found["parent_state"] = _one(_in_order(workflow, couple.parent_state))
    return found


def _transition(workflow: Workflow, transition: Transition) -> dict[str, Any]:
    found = _part(transition)
    found["from"] = _one(_in_order(workflow, transition.source))
    if transition.excepted:
        found["except"] = _in_order(workflow, transition.excepted)
    for key in ("all_roles", "not_same_actor_as"):
        if key in found:
            found[key] = sorted(found[key])
    if transition.inputs:
        found["inputs"] = [_short(given) for given in transition.inputs]
    return found


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(part) for part in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        # YAML reads 1e+16 as a word, and 1.0e+16 as a number.
        mantissa, e, exponent = repr(value).partition("e")
        return mantissa + (".0" if "." not in mantissa else "") + e + exponent
    if not isinstance(value, str):
        return json.dumps(value)
    plain = value.replace("_", "").replace("-", "").isalnum() and value.isascii() and not value.startswith("-")
    if plain and _reads_as_text(value):
        return value
    # JSON strings are YAML strings; what is not ASCII stays readable, control characters are escaped.
    text = json.dumps(value, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _reads_as_text(word: str) -> bool:
    """Whether a plain word is one to every reader, those of YAML 1.1 with their `yes` and `on` included."""
    return not any(rule.match(word) for _, rule in yaml.SafeLoader.yaml_implicit_resolvers.get(word[0], []))
