"""Between the contract in Python and the messages of analyzer.proto.

The messages are made from the contract's compiled form in descriptor.py, so that no compiler of .proto files is needed,
nor one version of the protobuf package.
"""

import base64
import json

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from .contract import AnalyzerError, Description, ErrorKind, Fault, Input, Outcome, Side, Turn
from .descriptor import DESCRIPTOR

_pool = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(base64.b64decode(DESCRIPTOR)).file:
    _pool.AddSerializedFile(_file.SerializeToString())


def message(name: str):
    """Returns the class of a message such as finco.analyzer.v1.Result."""
    descriptor = _pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):  # from protobuf 4.22 on
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(_pool).GetPrototype(descriptor)


def _own(name: str):
    return message("finco.analyzer.v1." + name)


def description(d: Description):
    """Returns what describe() said as a DescribeResponse."""
    out = _own("DescribeResponse")(
        name=d.name, version=d.version, languages=d.languages, max_batch=max(d.max_batch, 0), audio=d.audio
    )
    for kind in d.kinds:
        out.kinds.add(kind=kind, sides=d.sides.get(kind, []), labels=d.labels.get(kind, []))
    for s in d.settings:
        default = "" if s.default is None else _json(s.default)
        out.settings.add(key=s.key, type=s.type, default_json=default, doc=s.doc, required=s.required, secret=s.secret)
    return out


def input_of(wire) -> Input:
    """Returns an Input as the author's module takes it."""
    turns = [Turn(_side(turn.side), turn.text, turn.at_unix_ms / 1000) for turn in wire.context]
    return Input(wire.id, wire.text, wire.language, _side(wire.side), wire.at_unix_ms / 1000, turns)


def _side(number: int) -> Side:
    return Side(number) if number in (Side.CUSTOMER, Side.STAFF) else Side.NONE


def result(id: str, outcomes: list[Outcome]):
    """Returns a Result with outcomes."""
    out = _own("Result")(id=id)
    for o in outcomes:
        details = "" if o.details is None else _json(o.details)
        wire = out.outcomes.add(
            kind=o.kind, label=o.label, confidence=o.confidence, language=o.language, details_json=details, text=o.text
        )
        if o.score is not None:
            wire.score = o.score
    return out


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def failed(id: str, err: Exception):
    """Returns a Result with an error."""
    return _own("Result")(id=id, error=error(err))


def error(err: Exception):
    """Returns an Error. Of what is no AnalyzerError it tells only the type, for its words may quote a message."""
    if isinstance(err, AnalyzerError):
        return _own("Error")(fault=err.fault, kind=err.kind, message=err.message)
    return _own("Error")(fault=Fault.PLUGIN, kind=ErrorKind.INTERNAL, message=f"exception of type {type(err).__name__}")
