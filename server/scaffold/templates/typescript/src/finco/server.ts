// The process: shakes hands with FinCo, serves the contract on a unix socket, ends when told.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import {
  type handleUnaryCall, type sendUnaryData, Server, ServerCredentials, type ServerReadableStream, type ServerUnaryCall,
  status,
} from "@grpc/grpc-js";

import { type Analyzer, AnalyzerError, type Audio, type Context, type Input, type Judgement } from "./contract";
import { log, typeAndPlace } from "./log";
import { complete } from "./settings";
import {
  descriptionToWire, errorOf, inputOf, type ListenPart, resultOf, services, type WireError, type WireInput,
  type WireResult,
} from "./wire";

const maxMessage = 16 * 1024 * 1024; // bytes either way
const grace = 1000; // ms for calls in flight when told to end; FinCo kills after two seconds
const patience = 5; // ms of work without looking at what else came in
const cookie = { key: "FINCO_ANALYZER", value: "1f3ad62a-8d5e-4c0c-a6a9-0bd4a8c7f2f1" };

/** serve runs an analyzer until FinCo ends it; main.ts calls nothing else. */
export function serve(analyzer: Analyzer): void {
  if (process.env[cookie.key] !== cookie.value) {
    refuse("This is an analyzer of FinCo: finco analyzer test PATH examines it, install lets it judge.");
  }
  if (!(process.env["PLUGIN_PROTOCOL_VERSIONS"] ?? "1").split(",").includes("1")) {
    refuse("This analyzer speaks version 1 of FinCo's contract, which this FinCo does not.");
  }
  console.log = console.info = console.debug = console.error; // a stray line must not spoil the handshake
  process.on("uncaughtException", (err) => {
    log.error("the analyzer threw outside of a call", typeAndPlace(err));
    process.exit(1);
  });
  listen(analyzer);
}

function refuse(why: string): never {
  process.stderr.write(why + "\n");
  process.exit(1);
}

function listen(analyzer: Analyzer): void {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessage,
    "grpc.max_send_message_length": maxMessage,
  });
  const end = () => {
    server.tryShutdown(() => process.exit(0));
    setTimeout(() => process.exit(0), grace);
  };
  server.addService(services.analyzer, calls(analyzer));
  server.addService(services.health, { Check: answered(() => ({ status: "SERVING" })) });
  server.addService(services.controller, {
    Shutdown: answered(() => {
      setTimeout(end, 0); // after the answer
      return {};
    }),
  });
  process.on("SIGTERM", end);
  process.on("SIGINT", () => {}); // Ctrl-C is for FinCo, which then ends this
  const path = join(process.env["PLUGIN_UNIX_SOCKET_DIR"] || tmpdir(), `plugin-${process.pid}.sock`);
  server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (err) => {
    if (err) {
      refuse(`The socket cannot be made: ${err.message}`);
    }
    process.stdout.write(`1|1|unix|${path}|grpc|\n`);
  });
}

/** calls are those of the contract. */
function calls(analyzer: Analyzer) {
  return {
    Describe: answered(() => descriptionToWire(analyzer.describe())),
    Configure: answered<{ settingsJson: string }, { error?: WireError }>(async ({ settingsJson }) => {
      try {
        const settings = complete(analyzer.describe().settings ?? [], settingsJson);
        await analyzer.configure?.(settings);
        return {};
      } catch (err) {
        return { error: errorOf(err) };
      }
    }),
    Analyze: answered<{ inputs: WireInput[] }, { results?: WireResult[]; error?: WireError }>(async ({ inputs }, call) => {
      try {
        return { results: await judged(analyzer, inputs.map(inputOf), contextOf(call)) };
      } catch (err) {
        return { error: errorOf(err) };
      }
    }),
    Listen: (call: ServerReadableStream<ListenPart, unknown>, callback: sendUnaryData<unknown>) => {
      heard(analyzer, call).then((answer) => callback(null, answer), fail(callback));
    },
  };
}

/** answered makes a handler of a function that returns the answer. */
function answered<Q, A>(answer: (request: Q, call: ServerUnaryCall<Q, A>) => A | Promise<A>): handleUnaryCall<Q, A> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => answer(call.request, call))
      .then((value) => callback(null, value), fail(callback));
  };
}

function fail(callback: sendUnaryData<never>) {
  return (err: unknown) => {
    if (err instanceof Refusal) {
      callback({ code: err.code, details: err.message });
      return;
    }
    callback({ code: status.INTERNAL, details: errorOf(err).message });
  };
}

/** Refusal is an error of the call itself, not of a message. */
class Refusal extends Error {
  constructor(
    readonly code: status,
    message: string,
  ) {
    super(message);
  }
}

function contextOf(call: ServerUnaryCall<unknown, unknown> | ServerReadableStream<unknown, unknown>): Context {
  const controller = new AbortController();
  if (call.cancelled) {
    controller.abort();
  }
  call.on("cancelled", () => controller.abort());
  return { signal: controller.signal, deadline: Number(call.getDeadline()) };
}

async function judged(analyzer: Analyzer, messages: Input[], context: Context): Promise<WireResult[]> {
  if (analyzer.analyzeBatch) {
    const all = messages.length > 0 ? await analyzer.analyzeBatch(messages, context) : [];
    if (all.length !== messages.length) {
      throw new AnalyzerError("INTERNAL", `analyzeBatch gave ${all.length} answers for ${messages.length} messages`);
    }
    return messages.map((message, i) => resultOf(message.id, all[i]!));
  }
  const results: WireResult[] = [];
  let rested = performance.now();
  for (const message of messages) {
    if (performance.now() - rested > patience) {
      await setImmediate(); // health, cancellations and other calls get their turn
      rested = performance.now();
    }
    if (context.signal.aborted) {
      throw new AnalyzerError("UNAVAILABLE", "nobody waits for the answer any more");
    }
    results.push(await resultOrError(message.id, () => analyzer.analyze(message, context)));
  }
  return results;
}

async function resultOrError(id: string, judge: () => Judgement | Promise<Judgement>): Promise<WireResult> {
  try {
    return resultOf(id, await judge());
  } catch (err) {
    return { id, error: errorOf(err) };
  }
}

async function heard(analyzer: Analyzer, call: ServerReadableStream<ListenPart, unknown>) {
  const context = contextOf(call);
  const parts: AsyncIterator<ListenPart> = call[Symbol.asyncIterator]();
  const first = await parts.next();
  if (first.done || !first.value.start) {
    throw new Refusal(status.INVALID_ARGUMENT, "the stream does not begin with its start");
  }
  if (!analyzer.listen) {
    throw new Refusal(status.UNIMPLEMENTED, "this plugin does not listen");
  }
  const message = inputOf(first.value.start.input);
  const { mime = "", bytes = 0, durationMs = 0 } = first.value.start.audio ?? {};
  const audio: Audio = { chunks: chunks(parts, bytes), mime, bytes, seconds: durationMs / 1000 };
  return { result: await resultOrError(message.id, () => analyzer.listen!(message, audio, context)) };
}

async function* chunks(parts: AsyncIterator<ListenPart>, expected: number): AsyncGenerator<Uint8Array> {
  let got = 0;
  for (let part = await parts.next(); !part.done; part = await parts.next()) {
    const chunk = part.value.chunk ?? new Uint8Array();
    got += chunk.length;
    yield chunk;
  }
  if (got < expected) {
    throw new AnalyzerError("UNAVAILABLE", `the sound ended after ${got} of ${expected} bytes`);
  }
}
