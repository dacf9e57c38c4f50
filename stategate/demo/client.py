"""GraphQL as any program would use it: over HTTP, with nothing but the contract's names."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import httpx2

ACT = """
mutation Act($itemId: ID!, $action: String!, $actorId: ID!) {
  act(itemId: $itemId, action: $action, actorId: $actorId) {
    __typename
    ... on Applied { hops { action from to automatic } }
    ... on Refused { reasons { code message } }
  }
}
"""

TREE = """
query Tree($id: ID!) {
  epic(id: $id) {
    id title
    stories { nodes {
      id title state { name } version
      history(first: 200) { nodes { seq action from to automatic actor { id } role feedback } }
      tasks { nodes {
        id title state { name } version
        history(first: 200) { nodes { seq action from to automatic actor { id } role feedback } }
      } }
    } }
  }
}
"""


class GraphQLError(Exception):
    """The server answered with errors instead of data."""


class GraphQLClient:
    """One connection to a GraphQL address."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx2.AsyncClient(timeout=60)

    async def __aenter__(self) -> GraphQLClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def __call__(self, document: str, **variables: Any) -> dict[str, Any]:
        """The `data` of the answer."""
        response = await self._http.post(self._url, json={"query": document, "variables": variables})
        answer = response.json()
        if errors := answer.get("errors"):
            raise GraphQLError("; ".join(error["message"] for error in errors))
        data: dict[str, Any] = answer["data"]
        return data

    async def create(self, mutation: str, **arguments: Any) -> dict[str, Any]:
        """Calls a `create…` mutation with plain arguments and returns `{id}`."""
        given = {name: value for name, value in arguments.items() if value is not None}
        names = ", ".join(f"${name}: {_TYPES[name]}" for name in given)
        passed = ", ".join(f"{name}: ${name}" for name in given)
        data = await self(f"mutation Create({names}) {{ {mutation}({passed}) {{ id }} }}", **given)
        created: dict[str, Any] = data[mutation]
        return created

    async def act(self, item: str, action: str, actor: str) -> dict[str, Any]:
        """The decision, as `{__typename, hops | reasons}`."""
        decision: dict[str, Any] = (await self(ACT, itemId=item, action=action, actorId=actor))["act"]
        return decision


_TYPES = {
    "id": "ID!",
    "title": "String!",
    "name": "String!",
    "kind": "ActorKind!",
    "roles": "[String!]!",
    "epicId": "ID!",
    "storyId": "ID!",
    "sprintId": "ID!",
    "description": "String!",
    "acceptanceCriteria": "[String!]!",
    "storyPoints": "Int!",
    "authorId": "ID!",
    "priority": "Int!",
    "dependsOn": "[ID!]!",
    "capacity": "Int!",
}
