import { ownEntry } from "../../../own-entry.ts";
import type { ByteSegment } from "../../../bytes/byte-segments.ts";
import { placeOf } from "../../../model/choose-entry.ts";
import { isEditedGraph } from "../../../model/edited.ts";
import type {
  Constant,
  DeclaredType,
  Entry,
  Graph,
  Model,
  Node,
  Quantization,
  Tensor,
  TensorId,
} from "../../../model/model.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import { TENSOR_TYPES } from "../data-types.ts";
import {
  BuiltinOperator,
  OperatorCodeT,
  OperatorT,
  QuantizationDetails,
  QuantizationParametersT,
  TensorT,
  type BlockwiseQuantizationT,
  type MetadataT,
  type ModelT,
  type MultiAxisQuantizationT,
  type SubGraphT,
} from "../schema/generated/schema_generated.ts";
import { presentList } from "../presence.ts";
import { sparsityTable } from "../sparsity.ts";
import { DataList } from "./data-list.ts";
import { setOptions } from "./encode-options.ts";
import type { TfliteTables } from "./read-tables.ts";

/** A file to be laid out. */
export interface EditedTables {
  readonly tables: ModelT;
  /** Of each buffer. */
  readonly data: readonly (ByteSegment | undefined)[];
  /** Numbers in the file of the tensors of the model's first entry, by their ids in the model. */
  readonly numbers: ReadonlyMap<TensorId, number>;
}

/** Plans of where each tensor lies in memory, by tensor: an edit makes them wrong, and runtimes make their own without. */
const STALE_METADATA = new Set(["OfflineMemoryAllocation"]);

/** Operator codes beyond stand in a second, wider field. */
const LARGEST_NARROW_CODE = BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES;

/**
 * The tables of an edited model: operators and tensors of the subgraphs that were edited as the edits left them, all else as it is in the file.
 * Tensors and buffers that the edit left without a use go; what refers to others by number refers to their new ones.
 *
 * @param file the tables that the model was read from, which are changed
 * @param payload bytes of a new constant
 * @throws {LoweringError} when TFLite has no table for what the edit made
 */
export async function editTables(
  file: TfliteTables,
  model: Model,
  payload: (constant: Constant) => Promise<ByteSegment>,
): Promise<EditedTables> {
  const { tables } = file;
  const codesBefore = usedCodes(tables);
  const edited = editedEntries(model);
  const data = new DataList(file, new Set(edited.map(placeOf)), model.source, payload);
  const editors = edited.map((entry) => {
    const subgraph = tables.subgraphs[placeOf(entry)];
    if (subgraph === undefined) throw new RangeError(`${model.file} has no subgraph ${placeOf(entry)}`);
    return new SubgraphEditor(entry, tables, subgraph, data);
  });
  for (const editor of editors) await editor.edit();
  const isStale = ({ name }: MetadataT): boolean => typeof name === "string" && STALE_METADATA.has(name);
  if (tables.metadata.some(isStale)) tables.metadata = tables.metadata.filter((one) => !isStale(one));
  dropCodes(tables, codesBefore);
  return { tables, data: data.finished(), numbers: editors[0]?.numbers ?? new Map() };
}

/** The first one is that which is written for: a part of it that is run by itself is no edit. */
function editedEntries({ entries: [first, ...others] }: Model): readonly [Entry, ...Entry[]] {
  return [first, ...others.filter(({ graph }) => isEditedGraph(graph))];
}

function schemeTable({ scales, zeroPoints, axis = 0 }: Quantization): QuantizationParametersT {
  const zeros = scales.map((_, channel) => BigInt(zeroPoints[channel] ?? zeroPoints[0] ?? 0));
  const table = new QuantizationParametersT([], [], [...scales], zeros);
  table.quantizedDimension = axis;
  return table;
}

class SubgraphEditor {
  /** Numbers in the file, by tensor id. */
  readonly #numbers = new Map<TensorId, number>();

  get numbers(): ReadonlyMap<TensorId, number> {
    return this.#numbers;
  }

  readonly #graph: Graph;
  readonly #place: number;

  constructor(
    entry: Entry,
    private readonly tables: ModelT,
    private readonly main: SubGraphT,
    private readonly data: DataList,
  ) {
    this.#graph = entry.graph;
    this.#place = placeOf(entry);
  }

  async edit(): Promise<void> {
    const old = this.main.tensors;
    // A part of the graph has other ends than signatures name.
    const isPart = this.#graph.inputs.join() !== this.main.inputs.join();
    if (isPart)
      this.tables.signatureDefs = this.tables.signatureDefs.filter(
        ({ subgraphIndex }) => subgraphIndex !== this.#place,
      );
    const kept = this.#graph.nodes.flatMap(({ origin }) =>
      origin === undefined ? [] : (this.main.operators[origin] ?? []),
    );
    const needed = this.#neededByTables(kept);
    const tensors = this.#graph.tensors.filter((tensor) => needed.has(tensor.id) || !isHole(tensor));
    tensors.forEach(({ id }, number) => this.#numbers.set(id, number));
    const written: TensorT[] = [];
    for (const tensor of tensors) written.push(await this.#tensor(tensor, old[tensor.id]));
    this.main.operators = this.#graph.nodes.map((node) => this.#operator(node));
    this.main.tensors = written;
    this.main.inputs = this.#all([...this.main.inputs], this.#graph.inputs);
    this.main.outputs = this.#all(this.main.outputs, this.#graph.outputs);
    for (const { subgraphIndex, inputs, outputs } of this.tables.signatureDefs) {
      if (subgraphIndex !== this.#place) continue;
      for (const map of [...inputs, ...outputs]) map.tensorIndex = this.#number(map.tensorIndex);
    }
  }

  /** Tensors that something but a graph's edges refers to, and those that they refer to in turn. */
  #neededByTables(operators: readonly OperatorT[]): ReadonlySet<TensorId> {
    const signatures = this.tables.signatureDefs.filter(({ subgraphIndex }) => subgraphIndex === this.#place);
    const needed = new Set<TensorId>([
      ...this.#graph.inputs,
      ...this.#graph.outputs,
      ...this.#graph.nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]),
      ...operators.flatMap(({ intermediates }) => intermediates),
      ...signatures.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map(({ tensorIndex }) => tensorIndex)),
    ]);
    for (const id of needed) for (const scale of scaleTensors(this.main.tensors[id])) needed.add(scale);
    return needed;
  }

  async #tensor(tensor: Tensor, table: TensorT | undefined): Promise<TensorT> {
    const { declared, constant } = tensor;
    if (table === undefined) return this.#newTensor(tensor);
    if (declared?.isEdited === true) setSizes(table, declared);
    if (tensor.isRetyped === true && declared?.dataType !== undefined) {
      const quantization = tensor.quantization ? schemeTable(tensor.quantization) : null;
      Object.assign(table, { type: TENSOR_TYPES.indexOf(declared.dataType), quantization });
    }
    if (constant?.storage.kind === "bytes") table.buffer = await this.data.add(constant);
    else table.buffer = this.data.keep(table.buffer);
    for (const details of scaleDetails(table)) {
      details.scales = this.#number(details.scales);
      details.zeroPoints = this.#number(details.zeroPoints);
    }
    return table;
  }

  async #newTensor({ name, declared, constant, quantization }: Tensor): Promise<TensorT> {
    const dataType = constant?.dataType ?? declared?.dataType;
    const shape = constant?.shape ?? declared?.shape;
    if (dataType === undefined || shape === undefined)
      throw new LoweringError(`the type or the rank of the new tensor ${name} is not known, and TFLite needs both`);
    const table = Object.assign(new TensorT(), { type: TENSOR_TYPES.indexOf(dataType) });
    setSizes(table, { dataType, shape });
    table.name = name;
    // Where no tensor says it, one that does would make those without sizes ones of unknown rank.
    table.hasRank = this.tables.subgraphs.some(({ tensors }) => tensors.some(({ hasRank }) => hasRank));
    if (constant) table.buffer = await this.data.add(valuesOf(constant));
    if (constant) table.sparsity = await sparsityTable(constant);
    if (quantization) table.quantization = schemeTable(quantization);
    return table;
  }

  #operator({ origin, op, version, inputs, outputs, attributes }: Node): OperatorT {
    const kept = origin === undefined ? undefined : this.main.operators[origin];
    const operator = kept ?? new OperatorT(this.#code(op, version));
    operator.inputs = this.#all(operator.inputs, inputs);
    operator.outputs = this.#all(operator.outputs, outputs);
    operator.intermediates = this.#all(operator.intermediates);
    if (kept === undefined) setOptions(operator, op, attributes);
    return operator;
  }

  #code(op: string, version: number): number {
    const builtin = builtinNumber(op);
    if (builtin === undefined) throw new LoweringError(`${op} is not a built-in operator of TFLite`);
    const { operatorCodes } = this.tables;
    const known = operatorCodes.findIndex((code) => numberOf(code) === builtin && code.version === version);
    if (known >= 0) return known;
    const code = Object.assign(new OperatorCodeT(), {
      deprecatedBuiltinCode: Math.min(builtin, LARGEST_NARROW_CODE),
      builtinCode: builtin,
      version,
    });
    return operatorCodes.push(code) - 1;
  }

  /** @param before the list that they stand in: without elements it stays what it is, there or left out */
  #all(before: number[], ids: readonly TensorId[] = before): number[] {
    return before.length === 0 && ids.length === 0 ? before : ids.map((id) => this.#number(id));
  }

  /** Omitted tensors stay -1. */
  #number(id: TensorId): number {
    return this.#numbers.get(id) ?? id;
  }
}

/** What a buffer holds of a constant: of a sparse one its values, whose places the tables say. */
function valuesOf(constant: Constant): Constant {
  const { storage, shape, storedBytes, dataType } = constant;
  const [values] = storage.kind === "sparse" ? storage.parts : [];
  if (values === undefined) return constant;
  const length = values.kind === "range" ? values.length : values.kind === "bytes" ? values.bytes.length : 0;
  return { dataType, shape, storedBytes: Math.min(length, storedBytes), storage: values };
}

/** What an edit left of a tensor that nothing uses any more: an empty place in the list, so that the others keep their ids. */
function isHole({ declared, constant, quantization }: Tensor): boolean {
  return declared === undefined && constant === undefined && quantization === undefined;
}

/** Dynamic sizes are -1 in the signature and carry the size that the model was converted with. */
function setSizes(table: TensorT, { shape = [] }: DeclaredType): void {
  const isDynamic = shape.some((size) => typeof size !== "number");
  // A scalar has a list of sizes too, without any: without a list its rank would be unknown.
  table.shape =
    shape.length === 0
      ? presentList()
      : shape.map((size) => {
          if (typeof size === "number") return size;
          return typeof size === "object" ? (size?.example ?? 1) : 1;
        });
  const hasSignature = isDynamic || table.shapeSignature.length > 0;
  table.shapeSignature = hasSignature ? shape.map((size) => (typeof size === "number" ? size : -1)) : [];
}

function scaleDetails(table: TensorT | undefined): readonly (BlockwiseQuantizationT | MultiAxisQuantizationT)[] {
  const { detailsType, details = null } = table?.quantization ?? {};
  const refers =
    detailsType === QuantizationDetails.BlockwiseQuantization ||
    detailsType === QuantizationDetails.MultiAxisQuantization;
  return refers && details !== null ? [details as BlockwiseQuantizationT | MultiAxisQuantizationT] : [];
}

function scaleTensors(table: TensorT | undefined): readonly TensorId[] {
  return scaleDetails(table).flatMap(({ scales, zeroPoints }) => [scales, zeroPoints].filter((id) => id >= 0));
}

function builtinNumber(op: string): number | undefined {
  const numbers: Readonly<Record<string, unknown>> = BuiltinOperator;
  const number = ownEntry(numbers, op);
  return typeof number === "number" ? number : undefined;
}

/** Numbers beyond one byte stand in a field of their own. */
function numberOf({ deprecatedBuiltinCode, builtinCode }: OperatorCodeT): number {
  return Math.max(deprecatedBuiltinCode, builtinCode);
}

function usedCodes({ subgraphs }: ModelT): ReadonlySet<number> {
  return new Set(subgraphs.flatMap(({ operators }) => operators.map(({ opcodeIndex }) => opcodeIndex)));
}

/** Codes whose last operator went: runtimes would ask for kernels that nothing needs. */
function dropCodes(tables: ModelT, before: ReadonlySet<number>): void {
  const used = usedCodes(tables);
  const kept = tables.operatorCodes.map((_, index) => index).filter((index) => used.has(index) || !before.has(index));
  const numbers = new Map(kept.map((index, number) => [index, number]));
  tables.operatorCodes = tables.operatorCodes.filter((_, index) => numbers.has(index));
  for (const { operators } of tables.subgraphs)
    for (const operator of operators) operator.opcodeIndex = numbers.get(operator.opcodeIndex) ?? operator.opcodeIndex;
}
