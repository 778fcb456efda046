"""A plugin that judges whole batches, logs, and fails as the text says."""

from finco_plugin import AnalyzerError, Context, Description, ErrorKind, Input, Kind, Outcome, Setting, SettingType, log

settled = {}


def describe() -> Description:
    settings = [
        Setting("model", SettingType.STRING, required=True, doc="Its name."),
        Setting("turns", SettingType.INTEGER, default=3, doc="How many."),
        Setting("credentials", SettingType.OBJECT, doc="Whatever.", secret=True),
    ]
    return Description(name="batch", version="1", kinds=[Kind.LANGUAGE], settings=settings, max_batch=5)


def configure(settings: dict) -> None:
    if settings["model"] == "none":
        raise AnalyzerError(ErrorKind.INVALID, "there is no such model")
    settled.update(settings)


def analyze_batch(messages: list[Input], context: Context) -> list:
    print("a stray line")
    log.warning("a batch of %d", len(messages))
    if any(message.text == "broken" for message in messages):
        raise KeyError("words of a message")
    odd = AnalyzerError(ErrorKind.INVALID, "odd")
    said = "".join(f"{turn.side.name[0]}{turn.at:g}" for message in messages for turn in message.context)
    return [
        odd if message.text == "odd" else [Outcome(Kind.LANGUAGE, label=f"{settled['turns']}{said}", confidence=0.5)]
        for message in messages
    ]
