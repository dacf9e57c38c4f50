"""A small gRPC client that needs no stubs: it asks the server what there is (by reflection) and speaks JSON.

    python docs/rpc.py 127.0.0.1:50056
    python docs/rpc.py 127.0.0.1:50056 stategate.workflow.v1.Workflow/GetState '{"task_id": "T-1"}'

The first form lists the calls. Exit code 1 says that the call failed; why is told with all its details.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

# ErrorInfo, which any server may answer with, is not among what a server tells of itself.
_COMMON = error_details_pb2.DESCRIPTOR.serialized_pb


def calls(known: ProtoReflectionDescriptorDatabase, pool: DescriptorPool) -> list[str]:
    """Every call as `service/method`."""
    services = [pool.FindServiceByName(name) for name in sorted(known.get_services())]
    return [f"{service.full_name}/{method.name}" for service in services for method in service.methods]


def call(channel: grpc.Channel, pool: DescriptorPool, name: str, request: dict[str, Any]) -> dict[str, Any]:
    """What the call `service/method` answers."""
    service, _, method_name = name.partition("/")
    methods = pool.FindServiceByName(service).methods_by_name
    if method_name not in methods:
        sys.exit(f"{service} has no call '{method_name}'; it has {', '.join(methods)}.")
    method = methods[method_name]
    message = json_format.ParseDict(request, GetMessageClass(method.input_type)())
    answer = GetMessageClass(method.output_type)
    invoke = channel.unary_unary(f"/{name}", lambda sent: sent.SerializeToString(), answer.FromString)
    return dict(json_format.MessageToDict(invoke(message, timeout=30), preserving_proto_field_name=True))


def failure(error: grpc.RpcError, pool: DescriptorPool) -> dict[str, Any]:
    """The code, the message and the details of a call that failed."""
    status = rpc_status.from_call(error)
    told = [json_format.MessageToDict(detail, descriptor_pool=pool) for detail in status.details] if status else []
    return {"code": error.code().name, "message": error.details(), "details": told}


def main() -> int:
    address, name, request = [*sys.argv[1:], "", "{}"][:3]
    with grpc.insecure_channel(address) as channel:
        known = ProtoReflectionDescriptorDatabase(channel)
        pool = DescriptorPool(known)
        if not name:
            print("\n".join(calls(known, pool)))
            return 0
        try:
            print(json.dumps(call(channel, pool, name, json.loads(request)), indent=2))
        except grpc.RpcError as error:
            print(json.dumps(failure(error, pool), indent=2), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
