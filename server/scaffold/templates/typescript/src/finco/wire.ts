// Between the contract in TypeScript and the messages of analyzer.proto.
import type { ServiceDefinition } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import protobuf from "protobufjs";

import contract from "./analyzer.proto";
import { AnalyzerError, type Description, type Input, type Judgement, type Side } from "./contract";
import { log, typeAndPlace } from "./log";

// What go-plugin, by which FinCo starts plugins, asks of every plugin.
const health = `
syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); }`;

const controller = `
syntax = "proto3";
package plugin;
message Empty {}
service GRPCController { rpc Shutdown(Empty) returns (Empty); }`;

const root = new protobuf.Root();
for (const text of [contract, health, controller]) {
  protobuf.parse(text, root);
}
const definitions = fromJSON(root.toJSON(), { enums: String, longs: Number, defaults: true, arrays: true });

export const services = {
  analyzer: definitions["finco.analyzer.v1.AnalyzerService"] as ServiceDefinition,
  health: definitions["grpc.health.v1.Health"] as ServiceDefinition,
  controller: definitions["plugin.GRPCController"] as ServiceDefinition,
};

/** WireInput is an Input as it comes: what is empty may be missing. */
export interface WireInput {
  id: string;
  text?: string;
  language: string;
  side: string;
  atUnixMs: number;
  context: { side: string; text: string; atUnixMs: number }[];
}

/** ListenPart is a message of a Listen stream: its start, or a chunk. */
export interface ListenPart {
  start?: { input: WireInput; audio?: { mime: string; bytes: number; durationMs: number } };
  chunk?: Uint8Array;
}

export interface WireError {
  fault: string;
  kind: string;
  message: string;
}

export interface WireResult {
  id: string;
  outcomes?: Record<string, unknown>[];
  error?: WireError;
}

/** inputOf returns an Input as the author's functions take it. */
export function inputOf(wire: WireInput): Input {
  const context = wire.context.map((turn) => ({ side: sideOf(turn.side), text: turn.text, at: turn.atUnixMs }));
  const { id, language } = wire;
  return { id, text: wire.text ?? "", language, side: sideOf(wire.side), at: wire.atUnixMs, context };
}

function sideOf(name: string): Side {
  return name === "SIDE_CUSTOMER" ? "CUSTOMER" : name === "SIDE_STAFF" ? "STAFF" : "NONE";
}

function sideToWire(side: Side): string {
  return side === "NONE" ? "SIDE_UNSPECIFIED" : `SIDE_${side}`;
}

/** descriptionToWire returns what describe() said as a DescribeResponse. */
export function descriptionToWire(d: Description): Record<string, unknown> {
  return {
    name: d.name,
    version: d.version,
    kinds: d.kinds.map((kind) => ({
      kind: `KIND_${kind}`,
      sides: (d.sides?.[kind] ?? []).map(sideToWire),
      labels: d.labels?.[kind] ?? [],
    })),
    languages: d.languages ?? [],
    settings: (d.settings ?? []).map((setting) => ({
      key: setting.key,
      type: `SETTING_TYPE_${setting.type}`,
      defaultJson: setting.default === undefined ? "" : JSON.stringify(setting.default),
      doc: setting.doc,
      required: setting.required ?? false,
      secret: setting.secret ?? false,
    })),
    maxBatch: d.maxBatch ?? 0,
    audio: d.audio ?? false,
  };
}

/** resultOf returns what was said about one message as a Result. */
export function resultOf(id: string, judgement: Judgement): WireResult {
  if (judgement instanceof AnalyzerError) {
    return { id, error: errorOf(judgement) };
  }
  const outcomes = judgement.map(({ kind, details, ...rest }) => ({
    ...rest,
    kind: `KIND_${kind}`,
    detailsJson: details === undefined ? "" : JSON.stringify(details),
  }));
  return { id, outcomes };
}

/** errorOf returns an Error. Of what is no AnalyzerError it tells only the type, for its words may quote a message. */
export function errorOf(err: unknown): WireError {
  if (err instanceof AnalyzerError) {
    return { fault: `FAULT_${err.fault}`, kind: `ERROR_KIND_${err.kind}`, message: err.message };
  }
  const { type, at } = typeAndPlace(err);
  log.error("the analyzer threw", { type, at });
  return { fault: "FAULT_PLUGIN", kind: "ERROR_KIND_INTERNAL", message: `exception of type ${type}` };
}
