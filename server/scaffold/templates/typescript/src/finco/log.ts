// Lines that reach FinCo's log with their level. Never log what a message says.

type Level = "debug" | "info" | "warn" | "error";

function line(level: Level, message: string, fields: Record<string, unknown> = {}): void {
  const known = { "@level": level, "@message": message, "@timestamp": new Date().toISOString() };
  process.stderr.write(JSON.stringify({ ...fields, ...known }) + "\n");
}

export const log = {
  debug: (message: string, fields?: Record<string, unknown>) => line("debug", message, fields),
  info: (message: string, fields?: Record<string, unknown>) => line("info", message, fields),
  warn: (message: string, fields?: Record<string, unknown>) => line("warn", message, fields),
  error: (message: string, fields?: Record<string, unknown>) => line("error", message, fields),
};

/** typeAndPlace tells of an error what may be logged: its own words may quote a message. */
export function typeAndPlace(err: unknown): { type: string; at: string } {
  if (!(err instanceof Error)) {
    return { type: typeof err, at: "" };
  }
  const frames = (err.stack ?? "").split("\n").filter((frame) => /^\s+at /.test(frame));
  return { type: err.name, at: frames.map((frame) => frame.trim().slice(3)).join(" < ") };
}
