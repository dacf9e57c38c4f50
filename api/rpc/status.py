"""What went wrong, and what was refused, as the status of a gRPC call; nothing internal in either."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
import structlog
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from api.proto import answers_pb2 as pb
from graph.decision import Decision, Reason
from graph.errors import BadInputError, ConflictError, NotFoundError, StategateError, UnavailableError, UnreadError

_DOMAIN = "stategate"
# What is told travels in headers, of which clients take 8 kB in all.
_MESSAGE = 1_500  # bytes of the sentence, as a header has it
_ROOM = 4_200  # bytes of the details, which become a third more
_SHORT = 90  # bytes of a text where there is no room for all of them
_INTERNAL = "Something went wrong inside; the log of the service says what."

_OF_ERRORS = {
    BadInputError.code: grpc.StatusCode.INVALID_ARGUMENT,
    NotFoundError.code: grpc.StatusCode.NOT_FOUND,
    ConflictError.code: grpc.StatusCode.ABORTED,
    UnavailableError.code: grpc.StatusCode.UNAVAILABLE,
}
# The first that any of the reasons has; all else is FAILED_PRECONDITION.
_OF_REASONS = (
    (grpc.StatusCode.NOT_FOUND, {"UNKNOWN_ITEM", "UNKNOWN_ACTOR", "UNKNOWN_ACTION"}),
    (grpc.StatusCode.ABORTED, {"STALE_VERSION", "COMMAND_ID_REUSED"}),
    (grpc.StatusCode.PERMISSION_DENIED, {"ROLE_NOT_ALLOWED", "RELATION_NOT_MET", "SAME_ACTOR"}),
)

log = structlog.get_logger(__name__)


class RefusedError(Exception):
    """The gate refused; `details` of the status say all of it."""

    def __init__(self, refused: Decision, *, duplicate: bool) -> None:
        super().__init__(refused.item_id)
        self.refused = refused
        self.duplicate = duplicate


@contextmanager
def done_as(id: str) -> Iterator[None]:
    """What cannot be read inside was written before, under that id: nobody must think that nothing was done."""
    try:
        yield
    except UnavailableError as error:
        raise UnreadError(id) from error


class Statuses(grpc.aio.ServerInterceptor):
    """Gives every call that fails its status; an error nobody foresaw is logged and told as INTERNAL."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler: Any = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def answer(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            try:
                return await handler.unary_unary(request, context)
            except grpc.aio.AbortError:
                raise
            except RefusedError as error:
                status = rpc_status.to_status(refusal(error.refused, duplicate=error.duplicate))
                await context.abort(status.code, status.details, status.trailing_metadata)
            except StategateError as error:
                code = _OF_ERRORS.get(error.code, grpc.StatusCode.INTERNAL)
                await context.abort(code, _sentence(str(error)))
            except Exception:
                log.exception("grpc", method=handler_call_details.method)
                await context.abort(grpc.StatusCode.INTERNAL, _INTERNAL)

        return grpc.unary_unary_rpc_method_handler(answer, handler.request_deserializer, handler.response_serializer)


def refusal(refused: Decision, *, duplicate: bool) -> Status:
    """The status of a refused call: a `Refusal`, and an ErrorInfo for each reason, which any client can read."""
    code, message = code_of(refused.reasons), _sentence(" ".join(reason.message for reason in refused.reasons))
    whole = pb.Refusal(
        item_id=refused.item_id,
        command_id=refused.command_id,
        version=refused.version,
        reasons=[pb.Reason(code=found.code, message=found.message, rule=found.rule) for found in refused.reasons],
        legal_actions=refused.legal_actions,
        remedies=[
            pb.Remedy(
                kind=found.kind,
                text=found.text,
                action=found.action,
                role=found.role,
                actor_id=found.actor_id,
                input=found.input,
            )
            for found in refused.remedies
        ],
        duplicate=duplicate,
    )
    status, most = _status(code, message, whole, refused.reasons), 16
    while status.ByteSize() > _ROOM:
        status, most = _status(code, _short(message), _shortened(whole, most), refused.reasons[:most]), most // 2
    return status


def code_of(reasons: Sequence[Reason]) -> grpc.StatusCode:
    codes = {reason.code for reason in reasons}
    return next((status for status, of in _OF_REASONS if codes & of), grpc.StatusCode.FAILED_PRECONDITION)


def _status(code: grpc.StatusCode, message: str, whole: pb.Refusal, reasons: Sequence[Reason]) -> Status:
    details = [whole, *(ErrorInfo(reason=reason.code, domain=_DOMAIN) for reason in reasons)]
    number: int = code.value[0]
    return Status(code=number, message=message, details=[_packed(detail) for detail in details])


def _packed(message: Any) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed


def _shortened(whole: pb.Refusal, most: int) -> pb.Refusal:
    """Some of what was refused, and why; all of it is in the item's refusals, and in the event that tells of it."""
    few = pb.Refusal(
        item_id=_short(whole.item_id), command_id=_short(whole.command_id), duplicate=whole.duplicate,
        reasons=[
            pb.Reason(code=found.code, message=_short(found.message), rule=_short(found.rule))
            for found in whole.reasons[:most]
        ],
        legal_actions=[_short(name) for name in whole.legal_actions[:most]],
    )  # fmt: skip
    if whole.HasField("version"):
        few.version = whole.version
    return few


def _short(text: str) -> str:
    return text.encode()[:_SHORT].decode(errors="ignore")


def _sentence(text: str) -> str:
    """As much of it as has room in a header, where each byte that is not of a plain letter takes three."""
    used = 0
    for place, letter in enumerate(text):
        used += 1 if " " <= letter <= "~" and letter != "%" else 3 * len(letter.encode(errors="replace"))
        if used > _MESSAGE:
            return text[:place]
    return text
