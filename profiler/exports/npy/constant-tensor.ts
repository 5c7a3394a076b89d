import { OptionError } from "../../errors.ts";
import { formatOf } from "../../formats/formats.ts";
import { encodeRaw } from "../../model/encode-elements.ts";
import type { DataType } from "../../model/data-type.ts";
import type { Constant, Node, TensorId } from "../../model/model.ts";
import { cutModel } from "../../neutral/cut-model.ts";
import type { NeutralTensor } from "../../neutral/neutral-layer.ts";
import { ownEntry } from "../../own-entry.ts";
import type { AnalysedModel } from "../../profile-model.ts";
import { openSession } from "../../runtime/open-session.ts";
import { toRuntimeBytes } from "../../runtime/tensor-bytes.ts";
import { scopesOf, storedTensor, type Scope, type StoredTensor } from "../../views/stored-constant.ts";

/** A tensor of known numbers: those of the file, or what follows from them. */
export type ConstantTensor = StoredTensor & { readonly constant: Constant };

export type LayerSide = "input" | "output";

/**
 * An input or output of a layer that follows from constants alone.
 * @param position among the node's inputs or outputs
 * @throws {OptionError} when the layer has no such tensor, or only a run tells its numbers
 * @throws {RunError} when the numbers have to be computed and the runtime refuses
 */
export async function constantOfLayer(
  analysed: AnalysedModel,
  layer: number,
  side: LayerSide,
  position: number,
  signal?: AbortSignal,
): Promise<ConstantTensor> {
  const { node, name, inputs, outputs } = analysed.listing.layers[layer] ?? {};
  const tensor = (side === "input" ? inputs : outputs)?.[position];
  const scope = node && scopesOf(analysed.model).get(node);
  if (!tensor || !scope)
    throw new OptionError(`${analysed.model.file}: there is no ${side} ${position} of layer ${layer}`);
  const id = idOf(node, side, position);
  const what = `${analysed.model.file}: ${side} ${position} of ${name ?? ""}`;
  return constantTensor(analysed, scope, id, tensor.value, what, signal);
}

/**
 * A tensor by its name in the file: of the main graph, else of any other.
 * @throws {OptionError} when there is none, or only a run tells its numbers
 */
export async function constantNamed(
  analysed: AnalysedModel,
  name: string,
  signal?: AbortSignal,
): Promise<ConstantTensor> {
  const { model, inferred } = analysed;
  const scopes = new Set([...scopesOf(model).values()]);
  const found = [...scopes].flatMap((scope) =>
    scope.graph.tensors.filter((tensor) => tensor.name === name).map((tensor) => ({ scope, tensor })),
  );
  const best = found.find(({ tensor }) => tensor.constant) ?? found[0];
  if (!best)
    throw new OptionError(`${model.file}: there is no tensor "${name}"`, { hint: "Leave the name out for a list." });
  const isMain = best.scope.graph === model.entries[0].graph;
  const value = isMain ? inferred[0]?.inferredTypes[best.tensor.id]?.value : undefined;
  return constantTensor(analysed, best.scope, best.tensor.id, value, `${model.file}: "${name}"`, signal);
}

function idOf({ inputs, outputs }: Node, side: LayerSide, position: number): TensorId {
  return (side === "input" ? inputs : outputs)[position] ?? -1;
}

async function constantTensor(
  analysed: AnalysedModel,
  scope: Scope,
  id: TensorId,
  value: readonly unknown[] | undefined,
  what: string,
  signal: AbortSignal | undefined,
): Promise<ConstantTensor> {
  const stored = storedTensor(scope, id);
  if (stored?.constant) return { ...stored, constant: stored.constant };
  const name = scope.graph.tensors[id]?.name ?? "";
  const { model, inferred } = analysed;
  const type = scope.graph === model.entries[0].graph ? inferred[0]?.inferredTypes[id] : undefined;
  const numbers = value?.filter((item) => typeof item === "number");
  if (type?.dataType && isFixed(type.shape) && numbers && numbers.length === value?.length)
    return { name, constant: inMemory(type.dataType, type.shape, encodeRaw(type.dataType, numbers)) };
  if (type?.constant === undefined)
    throw new OptionError(`${what} is not a constant: its numbers are known only in a run`);
  const { runsWithoutInputs, title } = formatOf(model);
  if (!runsWithoutInputs)
    throw new OptionError(`${what} is computed from constants, which is not saved of ${title} models`);
  return { name, constant: await computed(analysed, id, what, signal) };
}

/** The numbers of a tensor that operators make of constants, as the runtime makes them. */
async function computed(
  { model, inferred }: AnalysedModel,
  id: TensorId,
  what: string,
  signal: AbortSignal | undefined,
): Promise<Constant> {
  const types = inferred[0]?.inferredTypes ?? [];
  const about = types.map(({ dataType, shape }, index): NeutralTensor => ({
    id: index,
    name: model.entries[0].graph.tensors[index]?.name ?? "",
    dataType,
    shape,
    channelAxis: undefined,
    isInput: false,
    isOutput: index === id,
    isCaptured: false,
    constant: undefined,
  }));
  const session = await openSession(cutModel(model, [], [id], about), signal ? { signal } : {});
  try {
    const outputs = await session.run({}, signal);
    const tensor = ownEntry(outputs, session.outputs[0]?.name ?? "");
    if (!tensor) throw new OptionError(`${what} is not a tensor of numbers`);
    return inMemory(tensor.dataType, tensor.shape, toRuntimeBytes(tensor));
  } finally {
    await session.close();
  }
}

function isFixed(shape: readonly unknown[] | undefined): shape is readonly number[] {
  return shape?.every((size) => typeof size === "number") === true;
}

function inMemory(dataType: DataType, shape: readonly number[], bytes: Uint8Array): Constant {
  return { dataType, shape, storedBytes: bytes.length, storage: { kind: "bytes", bytes, encoding: "raw" } };
}
