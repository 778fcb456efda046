"""The process: shakes hands with FinCo, serves the contract on a unix socket, ends when told."""

import os
import queue
import signal
import sys
import tempfile
from concurrent import futures

import grpc

from . import lines, settings, wire
from .contract import AnalyzerError, Audio, Context, ErrorKind
from .lines import log

MAX_MESSAGE = 16 << 20  # bytes either way
THREADS = 32  # calls at a time; further ones wait
GRACE = 1.0  # seconds for calls in flight when told to end; FinCo kills after two
COOKIE = ("FINCO_ANALYZER", "1f3ad62a-8d5e-4c0c-a6a9-0bd4a8c7f2f1")


def serve(module) -> None:
    """Serves a module's describe(), analyze() and, if it has them, configure(), analyze_batch() and listen()."""
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        print("This is an analyzer of FinCo: finco analyzer test PATH examines it, install lets it judge.", file=sys.stderr)
        sys.exit(1)
    if "1" not in os.environ.get("PLUGIN_PROTOCOL_VERSIONS", "1").split(","):
        print("This analyzer speaks version 1 of FinCo's contract, which this FinCo does not.", file=sys.stderr)
        sys.exit(1)
    handshake, sys.stdout = sys.stdout, sys.stderr  # a stray print must not spoil the handshake
    lines.prepare()
    ending: queue.SimpleQueue = queue.SimpleQueue()  # unlike an Event, it may be used in a signal handler
    signal.signal(signal.SIGTERM, lambda *_: ending.put(None))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for FinCo, which then ends this
    size = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]
    server = grpc.server(futures.ThreadPoolExecutor(THREADS), options=size)
    server.add_generic_rpc_handlers(_handlers(_Service(module), lambda: ending.put(None)))
    folder = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or tempfile.gettempdir()
    path = os.path.join(folder, f"plugin-{os.getpid()}.sock")
    server.add_insecure_port("unix:" + path)
    server.start()
    print(f"1|1|unix|{path}|grpc|", file=handshake, flush=True)
    ending.get()
    server.stop(GRACE).wait()


class _Service:
    """The calls of the contract, on an author's module."""

    def __init__(self, module):
        self._module = module

    def describe(self, _request, _call):
        return wire.description(self._module.describe())

    def configure(self, request, _call):
        answer = wire.message("finco.analyzer.v1.ConfigureResponse")()
        try:
            values = settings.complete(self._module.describe().settings, request.settings_json)
            if hasattr(self._module, "configure"):
                self._module.configure(values)
        except Exception as err:  # whatever the author's code raises is an answer, not the end
            answer.error.CopyFrom(_told(err))
        return answer

    def analyze(self, request, call):
        answer = wire.message("finco.analyzer.v1.AnalyzeResponse")()
        context = Context(call)
        try:
            inputs = [wire.input_of(one) for one in request.inputs]
            if hasattr(self._module, "analyze_batch"):
                judged = self._module.analyze_batch(inputs, context) if inputs else []
                answer.results.extend(_result(i.id, outcomes) for i, outcomes in zip(inputs, judged, strict=True))
                return answer
            for one in inputs:
                if context.ended:
                    raise AnalyzerError(ErrorKind.UNAVAILABLE, "nobody waits for the answer any more")
                answer.results.append(_judged(one.id, self._module.analyze, one, context))
        except Exception as err:
            answer.error.CopyFrom(_told(err))
        return answer

    def listen(self, requests, call):
        first = next(requests, None)
        if first is None or not first.HasField("start"):
            call.abort(grpc.StatusCode.INVALID_ARGUMENT, "the stream does not begin with its start")
        if not hasattr(self._module, "listen"):
            call.abort(grpc.StatusCode.UNIMPLEMENTED, "this plugin does not listen")
        message, known = wire.input_of(first.start.input), first.start.audio
        audio = Audio(_chunks(requests, known.bytes), known.mime, known.bytes, known.duration_ms / 1000)
        listened = _judged(message.id, self._module.listen, message, audio, Context(call))
        return wire.message("finco.analyzer.v1.ListenResponse")(result=listened)


def _chunks(requests, expected):
    got = 0
    for request in requests:
        got += len(request.chunk)
        yield request.chunk
    if got < expected:
        raise AnalyzerError(ErrorKind.UNAVAILABLE, f"the sound ended after {got} of {expected} bytes")


def _judged(id, judge, *arguments):
    try:
        return _result(id, judge(*arguments))
    except Exception as err:
        _told(err)
        return wire.failed(id, err)


def _result(id, outcomes):
    if isinstance(outcomes, Exception):
        return wire.failed(id, outcomes)
    return wire.result(id, outcomes)


def _told(err):
    if not isinstance(err, AnalyzerError):
        log.error("the analyzer raised an exception", exc_info=err)
    return wire.error(err)


def _handlers(service, end):
    """Returns the three services: the contract, health, and go-plugin's way to ask a plugin to end."""

    def unary(call, request, response):
        return grpc.unary_unary_rpc_method_handler(call, request.FromString, response.SerializeToString)

    def own(name):
        return wire.message("finco.analyzer.v1." + name)

    def health(_request, _call):
        return status(status=status.DESCRIPTOR.enum_types_by_name["ServingStatus"].values_by_name["SERVING"].number)

    def shutdown(_request, _call):
        end()
        return b""

    status = wire.message("grpc.health.v1.HealthCheckResponse")
    checked = unary(health, wire.message("grpc.health.v1.HealthCheckRequest"), status)
    contract = {
        "Describe": unary(service.describe, own("DescribeRequest"), own("DescribeResponse")),
        "Configure": unary(service.configure, own("ConfigureRequest"), own("ConfigureResponse")),
        "Analyze": unary(service.analyze, own("AnalyzeRequest"), own("AnalyzeResponse")),
        "Listen": grpc.stream_unary_rpc_method_handler(
            service.listen, own("ListenRequest").FromString, own("ListenResponse").SerializeToString
        ),
    }
    return (
        grpc.method_handlers_generic_handler("finco.analyzer.v1.AnalyzerService", contract),
        grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": checked}),
        grpc.method_handlers_generic_handler(
            "plugin.GRPCController", {"Shutdown": grpc.unary_unary_rpc_method_handler(shutdown)}
        ),
    )
