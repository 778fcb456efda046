"""The contract in Python: what an author's module takes and gives. Values of enums are those of analyzer.proto."""

import dataclasses
import enum
import math
import time
from typing import Any, Iterator, Optional


class Kind(enum.IntEnum):
    """The question that is answered about a message."""

    SENTIMENT = 1  # label positive, neutral, negative; score -1 to 1
    QUALITY = 2  # score 0 to 100; details with criteria
    TOPIC = 3  # label: the topic's key, "other" if out of scope
    RELEVANCE = 4  # score 0 to 100
    QUESTION = 5  # label yes, no
    NEEDS_REPLY = 6  # label yes, no
    LANGUAGE = 7  # label: a BCP 47 tag such as uz-Latn, uz-Cyrl, ru, en
    POLITENESS = 8  # score 0 to 100
    TRANSCRIPT = 9  # text: what was said; only of plugins that listen


class Side(enum.IntEnum):
    """Who wrote a message."""

    NONE = 0  # unknown, or neither: a bot, a channel
    CUSTOMER = 1
    STAFF = 2


class SettingType(enum.IntEnum):
    """The type of a setting's value."""

    STRING = 1
    BOOL = 2
    INTEGER = 3
    NUMBER = 4
    STRINGS = 5  # a list of strings
    OBJECT = 6  # any JSON object; check the inside in configure()


class Fault(enum.IntEnum):
    """Who failed: this program, or a model server that it calls."""

    PLUGIN = 1
    DOWNSTREAM = 2


class ErrorKind(enum.IntEnum):
    """What FinCo can do about an error."""

    INVALID = 1  # this message can never be judged; it is not tried again
    UNAVAILABLE = 2  # later may work; it is tried again
    INTERNAL = 3  # the program is broken


class AnalyzerError(Exception):
    """A failure that says whose it is. The message must not quote the text under analysis."""

    def __init__(self, kind: ErrorKind, message: str, fault: Fault = Fault.PLUGIN):
        super().__init__(message)
        self.kind, self.message, self.fault = kind, message, fault


@dataclasses.dataclass
class Setting:
    """One thing that an admin can set."""

    key: str
    type: SettingType
    default: Any = None  # None: no default
    doc: str = ""  # what it does; required by the conformance suite
    required: bool = False
    secret: bool = False  # never shown again; the key has token, key, secret, password or credential in it


@dataclasses.dataclass
class Description:
    """What a plugin says about itself."""

    name: str  # lower case letters, digits and dashes
    version: str  # changes whenever the same message may get another outcome
    kinds: list[Kind]
    sides: dict[Kind, list[Side]] = dataclasses.field(default_factory=dict)  # whose messages; no entry: everyone's
    labels: dict[Kind, list[str]] = dataclasses.field(default_factory=dict)  # what it may give; no entry: open
    languages: list[str] = dataclasses.field(default_factory=list)  # BCP 47; empty: any
    settings: list[Setting] = dataclasses.field(default_factory=list)
    max_batch: int = 0  # messages a call at most; 0: FinCo decides
    audio: bool = False  # it listens to voice notes: listen() is called, analyze() never


@dataclasses.dataclass
class Turn:
    """An earlier message of the same conversation."""

    side: Side
    text: str
    at: float = 0  # seconds since 1970; 0: unknown


@dataclasses.dataclass
class Input:
    """A message to judge."""

    id: str  # unique in its batch
    text: str  # may be empty, may be a megabyte
    language: str = ""  # a hint, BCP 47
    side: Side = Side.NONE
    at: float = 0  # seconds since 1970; 0: unknown
    context: list[Turn] = dataclasses.field(default_factory=list)  # earlier turns, oldest first


@dataclasses.dataclass
class Audio:
    """The sound of a voice note: chunks of the file as it was sent, to be read once and not after listen() returned."""

    chunks: Iterator[bytes]
    mime: str = ""  # "audio/ogg"; empty: unknown
    bytes: int = 0  # 0: unknown
    seconds: float = 0  # 0: unknown


@dataclasses.dataclass
class Outcome:
    """One judgement."""

    kind: Kind
    label: str = ""
    score: Optional[float] = None  # in the range of its kind; None: no score (not 0)
    confidence: float = 0.0  # 0 to 1, calibrated: of those at 0.8, four of five are right
    language: str = ""  # what the message was taken to be in; empty: not determined
    details: Optional[dict] = None  # JSON of at most 64 KiB: reason, evidence (substrings of the message), criteria, …
    text: str = ""  # only for TRANSCRIPT


class Context:
    """Tells how long a call may take. In tests, Context() has no deadline."""

    def __init__(self, call=None):
        remaining = call.time_remaining() if call is not None else None
        self._call = call
        self._deadline = math.inf if remaining is None else time.monotonic() + remaining

    @property
    def seconds_left(self) -> float:
        """Seconds until the answer is too late; infinite without a deadline."""
        return max(0.0, self._deadline - time.monotonic())

    @property
    def ended(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.seconds_left == 0 or self._call is not None and not self._call.is_active()
