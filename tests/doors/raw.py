"""GraphQL with its errors, as it comes over HTTP."""

from __future__ import annotations

from typing import Any

import httpx2

from stategate.service import Served


async def post(served: Served, document: str, **variables: Any) -> dict[str, Any]:
    async with httpx2.AsyncClient(timeout=60) as http:
        response = await http.post(served.graphql or "", json={"query": document, "variables": variables})
    answer: dict[str, Any] = response.json()
    return answer
