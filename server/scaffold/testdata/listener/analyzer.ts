// A plugin that listens, and only counts bytes. What it does beyond that, the note's caption says.
import { AnalyzerError, type Audio, type Context, type Description, type Input, type Outcome } from "./finco/contract";

export function describe(): Description {
  return { name: "listener", version: "1", kinds: ["TRANSCRIPT"], audio: true };
}

export function analyze(): Outcome[] {
  return [];
}

export async function listen(message: Input, audio: Audio, context: Context): Promise<Outcome[]> {
  if (message.text === "busy") {
    throw new AnalyzerError("UNAVAILABLE", "the model is busy", "DOWNSTREAM");
  }
  if (message.text === "broken") {
    throw new TypeError("words of a message");
  }
  if (context.signal.aborted || !(context.deadline > Date.now() && context.deadline < Date.now() + 1_000_000)) {
    throw new AnalyzerError("INTERNAL", "the deadline is not known");
  }
  let size = 0;
  let head = "";
  for await (const chunk of audio.chunks) {
    size += chunk.length;
    head ||= String.fromCharCode(...chunk.subarray(0, 4));
    if (message.text === "early") {
      break;
    }
  }
  if (head === "OggS") {
    return [];
  }
  if (head !== "RIFF") {
    throw new AnalyzerError("INVALID", "this is no sound");
  }
  const text = message.text === "early" ? `${size > 0 ? "True" : "False"} ${audio.mime} ${audio.bytes} ${audio.seconds}` : `${size} bytes`;
  return [{ kind: "TRANSCRIPT", text, confidence: 1, details: { segments: [] } }];
}
