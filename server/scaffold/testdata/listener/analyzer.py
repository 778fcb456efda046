"""A plugin that listens, and only counts bytes. What it does beyond that, the note's caption says."""

from finco_plugin import AnalyzerError, Audio, Context, Description, ErrorKind, Fault, Input, Kind, Outcome


def describe() -> Description:
    return Description(name="listener", version="1", kinds=[Kind.TRANSCRIPT], audio=True)


def listen(message: Input, audio: Audio, context: Context) -> list[Outcome]:
    if message.text == "busy":
        raise AnalyzerError(ErrorKind.UNAVAILABLE, "the model is busy", Fault.DOWNSTREAM)
    if message.text == "broken":
        raise ValueError("words of a message")
    if context.ended or not 0 < context.seconds_left < 1000:
        raise AnalyzerError(ErrorKind.INTERNAL, "the deadline is not known")
    size, head = 0, b""
    for chunk in audio.chunks:
        size, head = size + len(chunk), head or bytes(chunk[:4])
        if message.text == "early":
            break
    if head == b"OggS":
        return []
    if head != b"RIFF":
        raise AnalyzerError(ErrorKind.INVALID, "this is no sound")
    said = f"{size > 0} {audio.mime} {audio.bytes} {audio.seconds:g}" if message.text == "early" else f"{size} bytes"
    return [Outcome(Kind.TRANSCRIPT, text=said, confidence=1.0, details={"segments": []})]
