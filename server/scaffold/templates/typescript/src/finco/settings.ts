// Settings checked against the description, as FinCo itself checks them.
import { AnalyzerError, type Setting, type Settings, type SettingType } from "./contract";

/** complete returns settings with defaults filled in. Errors name keys and never quote values, which may be secret. */
export function complete(schema: Setting[], raw: string): Settings {
  const values = parse(raw);
  const faults: string[] = [];
  for (const setting of schema) {
    if (values.has(setting.key)) {
      if (!holds(setting.type, values.get(setting.key))) {
        faults.push(`${setting.key} must be of type ${setting.type.toLowerCase()}`);
      }
    } else if (setting.default !== undefined) {
      values.set(setting.key, setting.default);
    } else if (setting.required) {
      faults.push(`${setting.key} is required`);
    }
  }
  const known = new Set(schema.map((setting) => setting.key));
  for (const key of [...values.keys()].sort()) {
    if (!known.has(key)) {
      faults.push(`${JSON.stringify(key)} is not a setting`);
    }
  }
  if (faults.length > 0) {
    throw new AnalyzerError("INVALID", "settings: " + faults.join("; "));
  }
  return Object.fromEntries(values);
}

function parse(raw: string): Map<string, unknown> {
  try {
    const values: unknown = raw.trim() === "" ? {} : JSON.parse(raw);
    if (holds("OBJECT", values)) {
      return new Map(Object.entries(values as object));
    }
  } catch {
    // the error is the same
  }
  throw new AnalyzerError("INVALID", "settings must be one JSON object");
}

function holds(type: SettingType, value: unknown): boolean {
  switch (type) {
    case "STRING":
      return typeof value === "string";
    case "BOOL":
      return typeof value === "boolean";
    case "INTEGER":
      return Number.isInteger(value) && Math.abs(value as number) <= 2 ** 53;
    case "NUMBER":
      return Number.isFinite(value);
    case "STRINGS":
      return Array.isArray(value) && value.every((entry) => typeof entry === "string");
    case "OBJECT":
      return typeof value === "object" && value !== null && !Array.isArray(value);
  }
}
