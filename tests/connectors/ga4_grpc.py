"""The sandbox's GA4 property over gRPC: the same answers as over REST, from a server without TLS on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.analytics.data_v1beta import types
from google.protobuf.json_format import MessageToDict, ParseDict

from sandbox.ga4 import Ga4Server
from sandbox.ga4_wire import Refusal

SERVICE = "google.analytics.data.v1beta.BetaAnalyticsData"
METHODS = {
    "RunReport": (types.RunReportRequest, types.RunReportResponse, ":runReport"),
    "RunRealtimeReport": (types.RunRealtimeReportRequest, types.RunRealtimeReportResponse, ":runRealtimeReport"),
    "BatchRunReports": (types.BatchRunReportsRequest, types.BatchRunReportsResponse, ":batchRunReports"),
    "CheckCompatibility": (types.CheckCompatibilityRequest, types.CheckCompatibilityResponse, ":checkCompatibility"),
    "GetMetadata": (types.GetMetadataRequest, types.Metadata, "/metadata"),
}
CODES = {400: grpc.StatusCode.INVALID_ARGUMENT, 403: grpc.StatusCode.PERMISSION_DENIED, 429: grpc.StatusCode.RESOURCE_EXHAUSTED}


@contextmanager
def serving(ga4: Ga4Server, *, padding: int = 0, refuse: tuple[grpc.StatusCode, str] | None = None) -> Iterator[str]:
    """Serve the property; yield its address. padding: so many extra bytes an answer. refuse: answer everything so."""

    def handler(request_type: Any, answer_type: Any, path: str) -> Callable[[Any, grpc.ServicerContext], Any]:
        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            if refuse is not None:
                context.abort(*refuse)
            body = MessageToDict(request_type.pb(request), use_integers_for_enums=True)
            number = (body.get("property") or body.get("name", "")).split("/")[1]
            try:
                if number != ga4.property_id:
                    raise Refusal(403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property.")
                document = ga4.called(path, number, body)
            except Refusal as refusal:
                context.abort(CODES[refusal.code], str(refusal))
            made = answer_type()
            ParseDict(document, answer_type.pb(made), ignore_unknown_fields=True)
            if padding and hasattr(made, "reports"):
                made.reports[0].kind = "x" * padding
            return made

        return answer

    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            handler(asked, answered, path), request_deserializer=asked.deserialize, response_serializer=answered.serialize
        )
        for name, (asked, answered, path) in METHODS.items()
    }
    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.max_send_message_length", -1)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop(0).wait()
