"""Settings checked against the description, as FinCo itself checks them."""

import json
import math

from .contract import AnalyzerError, ErrorKind, Setting, SettingType


def complete(schema: list[Setting], raw: str) -> dict:
    """Returns settings with defaults filled in. Errors name keys and never quote values, which may be secret."""
    values = _object(raw)
    faults = []
    for setting in schema:
        if setting.key in values:
            if not _holds(setting.type, values[setting.key]):
                faults.append(f"{setting.key} must be of type {setting.type.name.lower()}")
        elif setting.default is not None:
            values[setting.key] = setting.default
        elif setting.required:
            faults.append(f"{setting.key} is required")
    known = {setting.key for setting in schema}
    faults += [f"{json.dumps(key)} is not a setting" for key in sorted(values) if key not in known]
    if faults:
        raise AnalyzerError(ErrorKind.INVALID, "settings: " + "; ".join(faults))
    return values


def _object(raw: str) -> dict:
    try:
        values = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise AnalyzerError(ErrorKind.INVALID, "settings must be one JSON object")
    return values


def _holds(kind: SettingType, value) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return {
        SettingType.STRING: isinstance(value, str),
        SettingType.BOOL: isinstance(value, bool),
        SettingType.INTEGER: number and value == math.trunc(value) and abs(value) <= 2**53,
        SettingType.NUMBER: number,
        SettingType.STRINGS: isinstance(value, list) and all(isinstance(entry, str) for entry in value),
        SettingType.OBJECT: isinstance(value, dict),
    }[kind]
