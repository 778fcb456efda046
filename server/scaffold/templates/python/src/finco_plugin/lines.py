"""Lines that reach FinCo's log with their level. Never log what a message says."""

import datetime
import json
import logging
import sys
import traceback


class _Lines(logging.Formatter):
    """Writes the JSON that hclog writes. Of an exception it tells type and place, for its words may quote a message."""

    def format(self, record: logging.LogRecord) -> str:
        levels = {"WARNING": "warn", "CRITICAL": "error"}
        line = {
            "@level": levels.get(record.levelname, record.levelname.lower()),
            "@message": record.getMessage(),
            "@timestamp": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0]:
            frames = traceback.extract_tb(record.exc_info[2])
            line["type"] = record.exc_info[0].__name__
            line["at"] = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
        return json.dumps(line, ensure_ascii=False)


log = logging.getLogger("plugin")


def prepare() -> None:
    """Sends every logger's lines to FinCo."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
