import type { ByteSource } from "../../bytes/byte-source.ts";
import type { Entry, Model } from "../../model/model.ts";
import { present, readBuffers, type Buffers } from "./buffers.ts";
import { CustomOptions } from "./custom-options.ts";
import { GraphBuilder, placeOf, type SubgraphRead } from "./graphs.ts";
import { identify } from "./identify.ts";
import { readCode, readOperator, type Code } from "./nodes.ts";
import { PagedBytes } from "./paged-bytes.ts";
import { readProperties } from "./properties.ts";
import { Model as ModelTable, Operator, Tensor, type SubGraph } from "./schema/generated/schema_generated.ts";
import { UnfoldingBudget } from "../unfolding-budget.ts";
import { TableBuffer } from "./table-buffer.ts";
import { readTensor, text, withQuantization, withScalars, type TensorRead } from "./tensors.ts";

/**
 * Reads the tables of a TFLite model and the values of its small constants; weights stay where they are.
 * @throws {ModelFormatError} with place and offset, whatever the bytes are
 * @throws {LimitError} when the file passes a limit that no real model comes near
 */
export async function readTflite(source: ByteSource): Promise<Model> {
  await identify(source);
  const pages = new PagedBytes(source);
  const buffer = new TableBuffer(pages);
  const warnings: string[] = [];
  const model = await buffer.once(() => ModelTable.getRootAsModel(buffer));
  const codes = await readCodes(buffer, model);
  const buffers = await readBuffers(buffer, model);
  if (buffers.external.size > 0) {
    warnings.push(`weights are in other files (${buffers.files.join(", ")}), which are not read`);
  }
  const reads: RawSubgraph[] = [];
  const budget = new UnfoldingBudget(source.name, source.size);
  const customOptions = new CustomOptions(budget);
  const count = await buffer.once(() => model.subgraphsLength());
  for (let index = 0; index < count; index++) {
    reads.push(await readSubgraph(buffer, model, index, { codes, buffers, customOptions }));
  }
  const saysRanks = reads.some(({ tensors }) => tensors.some(({ saysRank }) => saysRank));
  const subgraphs = reads.map(({ tensors, ...subgraph }, index): SubgraphRead => {
    const warn = (warning: string): unknown => warnings.push(`${placeOf(index, subgraph.name)}, ${warning}`);
    return { ...subgraph, tensors: withQuantization(saysRanks ? tensors : withScalars(tensors), warn) };
  });
  pages.place = "model";
  const signatures = await readSignatures(buffer, model);
  const properties = await readProperties(buffer, model, buffers.inside);
  const { entries, bodies } = entryIndices(subgraphs, signatures);
  const [main, ...others] = entries;
  if (main === undefined) throw pages.error("at least one subgraph expected");
  const builder = new GraphBuilder(source.name, subgraphs, (warning) => warnings.push(warning), budget);
  const entry = ({ subgraph, ...told }: EntryIndex): Entry => ({ ...told, subgraph, graph: builder.graph(subgraph) });
  const read: Model["entries"] = [entry(main), ...others.map(entry)];
  // What nothing runs that a run starts from may be no graph at all: subgraphs that run each other.
  const inside = bodies.filter(({ subgraph }) => builder.has(subgraph)).map(entry);
  return {
    format: "tflite",
    file: source.name,
    fileBytes: source.size,
    entries: read,
    ...(inside.length > 0 && { bodies: inside }),
    opsets: new Map(),
    properties,
    warnings,
    source,
  };
}

async function readCodes(buffer: TableBuffer, model: ModelTable): Promise<readonly Code[]> {
  const count = await buffer.once(() => model.operatorCodesLength());
  return buffer.each(count, (index) => {
    buffer.pages.place = `operator code ${index}`;
    return readCode(present(model.operatorCodes(index)));
  });
}

interface Context {
  readonly codes: readonly Code[];
  readonly buffers: Buffers;
  readonly customOptions: CustomOptions;
}

/** Before what all tensors of the file tell together. */
type RawSubgraph = Omit<SubgraphRead, "tensors"> & { readonly tensors: readonly TensorRead[] };

async function readSubgraph(
  buffer: TableBuffer,
  model: ModelTable,
  index: number,
  { codes, buffers, customOptions }: Context,
): Promise<RawSubgraph> {
  const { pages } = buffer;
  pages.place = placeOf(index, "");
  const { table, ...subgraph } = await buffer.once(() => header(buffer, present(model.subgraphs(index))));
  const place = placeOf(index, subgraph.name);
  const tensorTable = new Tensor();
  const tensors = await buffer.each(subgraph.tensorCount, (id) => {
    pages.place = `${place}, tensor ${id}`;
    return readTensor(buffer, present(table.tensors(id, tensorTable)), id, buffers);
  });
  const operatorTable = new Operator();
  const operators = await buffer.each(subgraph.operatorCount, (position) => {
    pages.place = `${place}, operator ${position}`;
    return readOperator(buffer, present(table.operators(position, operatorTable)), codes, customOptions);
  });
  const { name, inputs, outputs } = subgraph;
  return { name, inputs, outputs, operators, tensors };
}

function header(
  buffer: TableBuffer,
  table: SubGraph,
): Omit<SubgraphRead, "tensors" | "operators"> & { table: SubGraph; tensorCount: number; operatorCount: number } {
  return {
    table,
    name: text(table.name()),
    inputs: buffer.createScalarList((index) => table.inputs(index) ?? 0, table.inputsLength()),
    outputs: buffer.createScalarList((index) => table.outputs(index) ?? 0, table.outputsLength()),
    tensorCount: table.tensorsLength(),
    operatorCount: table.operatorsLength(),
  };
}

/** A graph that a run may start from, or a body. */
type EntryIndex = Omit<Entry, "graph"> & { readonly subgraph: number };

interface Signature {
  readonly key: string;
  readonly subgraph: number;
}

async function readSignatures(buffer: TableBuffer, model: ModelTable): Promise<readonly Signature[]> {
  const count = await buffer.once(() => model.signatureDefsLength());
  return buffer.each(count, (index) => {
    buffer.pages.place = `signature ${index}`;
    const table = present(model.signatureDefs(index));
    return { key: text(table.signatureKey()), subgraph: table.subgraphIndex() };
  });
}

/**
 * The main subgraph, then those that have signatures and those that no operator runs; each once, under a name of its own. The others are
 * bodies.
 */
function entryIndices(
  subgraphs: readonly SubgraphRead[],
  signatures: readonly Signature[],
): { readonly entries: readonly EntryIndex[]; readonly bodies: readonly EntryIndex[] } {
  const runBy = new Map(
    subgraphs
      .flatMap(({ operators }) => operators)
      .flatMap(({ op, bodies }) => bodies.map(({ subgraph, label }) => [subgraph, { op, label }] as const)),
  );
  const starts = new Set([0, ...signatures.map(({ subgraph }) => subgraph)]);
  // A signature may name a subgraph that is not there: reading it says so.
  const all = [...new Set([...subgraphs.keys(), ...starts])].filter((place) => place > 0 || subgraphs.length > 0);
  const used = new Set<string>();
  const bodyOf = (subgraph: number): Entry["body"] => (starts.has(subgraph) ? undefined : runBy.get(subgraph));
  const ordered = [...all.filter((subgraph) => !bodyOf(subgraph)), ...all.filter(bodyOf)];
  const named = ordered.map((subgraph): EntryIndex => {
    const keys = signatures.flatMap(({ key, subgraph: of }) => (of === subgraph && key !== "" ? [key] : []));
    const given = [keys[0], subgraphs[subgraph]?.name].find((name) => name !== undefined && name !== "");
    const plain = given ?? (subgraph === 0 ? "main" : `subgraph ${subgraph}`);
    const name = used.has(plain) ? `${plain} (subgraph ${subgraph})` : plain;
    used.add(name);
    const body = bodyOf(subgraph);
    return { name, subgraph, ...(keys.length > 0 && { signatures: keys }), ...(body && { body }) };
  });
  return { entries: named.filter(({ body }) => !body), bodies: named.filter(({ body }) => body) };
}
