import assert from "node:assert/strict";

import type { ByteSource, ExternalDataFiles } from "../../../../profiler/bytes/byte-source.ts";
import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import type { EdgewiseError } from "../../../../profiler/errors.ts";
import { MissingDataError } from "../../../../profiler/errors.ts";
import { readOnnx } from "../../../../profiler/formats/onnx/read.ts";
import type { Graph, Model, Node, Tensor } from "../../../../profiler/model/model.ts";

export type Files = Readonly<Record<string, Uint8Array>>;

/** Data files in memory; counts how often each is opened. */
export class MemoryExternalData implements ExternalDataFiles {
  readonly opened: string[] = [];

  constructor(private readonly files: Files = {}) {}

  open(relativePath: string): Promise<ByteSource> {
    this.opened.push(relativePath);
    const bytes = this.files[relativePath];
    if (bytes === undefined) return Promise.reject(new MissingDataError(`${relativePath} is missing`, relativePath));
    return Promise.resolve(new MemorySource(relativePath, bytes));
  }
}

export function readModel(bytes: Uint8Array, files: Files = {}): Promise<Model> {
  return readOnnx(new MemorySource("test.onnx", bytes), new MemoryExternalData(files));
}

export async function readGraph(bytes: Uint8Array, files: Files = {}): Promise<Graph> {
  return (await readModel(bytes, files)).entries[0].graph;
}

export function tensorOf(graph: Graph, name: string): Tensor {
  const tensor = graph.tensors.find((candidate) => candidate.name === name);
  assert.ok(tensor, `tensor ${name} in graph ${graph.name}`);
  return tensor;
}

export function nodeOf(graph: Graph, index: number): Node {
  const node = graph.nodes[index];
  assert.ok(node, `node ${index} in graph ${graph.name}`);
  return node;
}

export function bodyOf(node: Node, index = 0): Graph {
  const body = node.bodies[index];
  assert.ok(body, `body ${index} of ${node.op}`);
  return body.graph;
}

export function names(graph: Graph, ids: readonly number[]): readonly string[] {
  return ids.map((id) => graph.tensors[id]?.name ?? "");
}

type ErrorClass<T extends EdgewiseError> = abstract new (...args: never[]) => T;

/** Reading must fail with an error of this class, whose message names the file and matches. */
export async function refuses<T extends EdgewiseError>(
  bytes: Uint8Array,
  kind: ErrorClass<T>,
  message: RegExp,
  files: Files = {},
): Promise<T> {
  const outcome: unknown = await readModel(bytes, files).catch((error: unknown) => error);
  assert.ok(outcome instanceof kind, `expected ${kind.name}, got ${String(outcome)}`);
  assert.match(outcome.message, message);
  assert.ok(!outcome.message.includes("\n"), "one line");
  return outcome;
}
