"""Speaks FinCo's analyzer contract for a module that has describe() and analyze(). You need not change this folder.

The contract is analyzer.proto beside this file; FinCo's docs/plugins.md explains it.
"""

from .contract import (
    AnalyzerError, Audio, Context, Description, ErrorKind, Fault, Input, Kind, Outcome, Setting, SettingType, Side, Turn,
)
from .lines import log
from .server import serve

__all__ = [
    "AnalyzerError", "Audio", "Context", "Description", "ErrorKind", "Fault", "Input", "Kind", "Outcome", "Setting",
    "SettingType", "Side", "Turn", "log", "serve",
]
