// A plugin that judges whole batches, logs, and fails as the text says.
import { AnalyzerError, type Description, type Input, type Judgement, type Outcome, type Settings } from "./finco/contract";
import { log } from "./finco/log";

let settled: Settings = {};

export function describe(): Description {
  return {
    name: "batch",
    version: "1",
    kinds: ["LANGUAGE"],
    settings: [
      { key: "model", type: "STRING", required: true, doc: "Its name." },
      { key: "turns", type: "INTEGER", default: 3, doc: "How many." },
      { key: "credentials", type: "OBJECT", doc: "Whatever.", secret: true },
    ],
    maxBatch: 5,
  };
}

export async function configure(settings: Settings): Promise<void> {
  if (settings["model"] === "none") {
    throw new AnalyzerError("INVALID", "there is no such model");
  }
  settled = settings;
}

export function analyze(): Outcome[] {
  return [];
}

export async function analyzeBatch(messages: Input[]): Promise<Judgement[]> {
  console.log("a stray line");
  log.warn("a batch", { messages: messages.length });
  if (messages.some((message) => message.text === "broken")) {
    throw new RangeError("words of a message");
  }
  const said = messages.flatMap((message) => message.context.map((turn) => `${turn.side[0]}${turn.at / 1000}`)).join("");
  return messages.map((message) =>
    message.text === "odd"
      ? new AnalyzerError("INVALID", "odd")
      : [{ kind: "LANGUAGE", label: `${settled["turns"]}${said}`, confidence: 0.5 }],
  );
}
