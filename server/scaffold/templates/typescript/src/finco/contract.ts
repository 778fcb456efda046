// The contract in TypeScript: what an author's functions take and give. You need not change this folder; analyzer.proto is
// the contract itself, and FinCo's docs/plugins.md explains it.

/** Kind is the question that is answered about a message. */
export type Kind =
  | "SENTIMENT" // label positive, neutral, negative; score -1 to 1
  | "QUALITY" // score 0 to 100; details with criteria
  | "TOPIC" // label: the topic's key, "other" if out of scope
  | "RELEVANCE" // score 0 to 100
  | "QUESTION" // label yes, no
  | "NEEDS_REPLY" // label yes, no
  | "LANGUAGE" // label: a BCP 47 tag such as uz-Latn, uz-Cyrl, ru, en
  | "POLITENESS" // score 0 to 100
  | "TRANSCRIPT"; // text: what was said; only of plugins that listen

/** Side is who wrote a message; NONE is unknown, or neither: a bot, a channel. */
export type Side = "NONE" | "CUSTOMER" | "STAFF";

export type SettingType = "STRING" | "BOOL" | "INTEGER" | "NUMBER" | "STRINGS" | "OBJECT";

/** Settings are values by key, of the types that describe() gave. */
export type Settings = Record<string, unknown>;

/** Setting is one thing that an admin can set. */
export interface Setting {
  key: string;
  type: SettingType;
  /** what it does; required by the conformance suite */
  doc: string;
  default?: unknown;
  required?: boolean;
  /** never shown again; the key has token, key, secret, password or credential in it */
  secret?: boolean;
}

/** Description is what a plugin says about itself. */
export interface Description {
  /** lower case letters, digits and dashes */
  name: string;
  /** changes whenever the same message may get another outcome */
  version: string;
  kinds: Kind[];
  /** whose messages it judges; a kind without an entry: everyone's */
  sides?: Partial<Record<Kind, Side[]>>;
  /** the labels it may give; a kind without an entry: open */
  labels?: Partial<Record<Kind, string[]>>;
  /** BCP 47; empty: any */
  languages?: string[];
  settings?: Setting[];
  /** messages a call at most; 0: FinCo decides */
  maxBatch?: number;
  /** it listens to voice notes: listen() is called, analyze() never */
  audio?: boolean;
}

/** Turn is an earlier message of the same conversation. */
export interface Turn {
  side: Side;
  text: string;
  /** milliseconds since 1970; 0: unknown */
  at: number;
}

/** Input is a message to judge. */
export interface Input {
  /** unique in its batch */
  id: string;
  /** may be empty, may be a megabyte */
  text: string;
  /** a hint, BCP 47; empty: unknown */
  language: string;
  side: Side;
  /** milliseconds since 1970; 0: unknown */
  at: number;
  /** earlier turns, oldest first */
  context: Turn[];
}

/** Audio is the sound of a voice note: chunks of the file as it was sent, to be read once, before listen() ends. */
export interface Audio {
  chunks: AsyncIterable<Uint8Array>;
  /** "audio/ogg"; empty: unknown */
  mime: string;
  /** 0: unknown */
  bytes: number;
  /** 0: unknown */
  seconds: number;
}

/** Outcome is one judgement. */
export interface Outcome {
  kind: Kind;
  label?: string;
  /** in the range of its kind; undefined: no score, which is not 0 */
  score?: number;
  /** 0 to 1, calibrated: of those at 0.8, four of five are right */
  confidence: number;
  /** what the message was taken to be in, BCP 47 */
  language?: string;
  /** JSON of at most 64 KiB: reason, evidence (substrings of the message), criteria, and what else you like */
  details?: Record<string, unknown>;
  /** only for TRANSCRIPT */
  text?: string;
}

/** Context tells how long a call may take. */
export interface Context {
  /** aborted when nobody waits for the answer any more; hand it to fetch() */
  signal: AbortSignal;
  /** milliseconds since 1970 at which the answer is too late; Infinity: never */
  deadline: number;
}

/** testContext is a context that never ends. */
export function testContext(): Context {
  return { signal: new AbortController().signal, deadline: Infinity };
}

/** INVALID: this message can never be judged. UNAVAILABLE: later may work. INTERNAL: the program is broken. */
export type ErrorKind = "INVALID" | "UNAVAILABLE" | "INTERNAL";

/** Who failed: this program, or a model server that it calls. */
export type Fault = "PLUGIN" | "DOWNSTREAM";

/** AnalyzerError is a failure that says whose it is. The message must not quote the text under analysis. */
export class AnalyzerError extends Error {
  constructor(
    readonly kind: ErrorKind,
    message: string,
    readonly fault: Fault = "PLUGIN",
  ) {
    super(message);
  }
}

/** Judgement is what a message gets: outcomes, of which there may be none, or an error. */
export type Judgement = Outcome[] | AnalyzerError;

/** Analyzer is what an author writes: describe() and analyze() mostly. */
export interface Analyzer {
  describe(): Description;
  configure?(settings: Settings): void | Promise<void>;
  analyze(message: Input, context: Context): Outcome[] | Promise<Outcome[]>;
  /** analyzeBatch is called instead of analyze, if it is there; it answers in the order of the messages. */
  analyzeBatch?(messages: Input[], context: Context): Judgement[] | Promise<Judgement[]>;
  /** listen is called instead of analyze if the description says audio. */
  listen?(message: Input, audio: Audio, context: Context): Outcome[] | Promise<Outcome[]>;
}
