import { computedType } from "../cost/layer-width.ts";
import { OptionError } from "../errors.ts";
import { formatCount, formatShape } from "../format-numbers.ts";
import { isFloat } from "../model/data-type.ts";
import { computeType } from "../hardware/hardware-profile.ts";
import type { Layer, LayerTensor } from "../layers/layer.ts";
import { isConstant, type Attribute, type Constant, type Quantization } from "../model/model.ts";
import { DENSE } from "../model/weight-encoding.ts";
import { elementsOf, printDimension } from "../model/shape.ts";
import type { AnalysedModel } from "../profile-model.ts";
import type { LayerDetails, QuantizationDetails, TensorDetails } from "./layer-details.ts";
import { inputRole } from "./input-roles.ts";
import { scopesOf, storedTensor, type StoredTensor } from "./stored-constant.ts";

/** A panel shows a line or two of a list, not thousands of numbers. */
const LISTED_NUMBERS = 16;

/** A string attribute can hold a whole program. */
const LONGEST_TEXT = 400;

/** @throws {OptionError} when the model has no such layer */
export function describeLayer(analysed: AnalysedModel, index: number): LayerDetails {
  const layer = layerAt(analysed, index);
  const { node } = layer;
  const scope = scopesOf(analysed.model).get(node);
  const describe = (tensors: readonly LayerTensor[], ids: readonly number[], op?: string): readonly TensorDetails[] =>
    tensors.flatMap((tensor, position) => {
      const stored = scope && storedTensor(scope, ids[position] ?? -1);
      const role = op === undefined ? null : inputRole(op, position);
      return tensor.key === "" ? [] : [tensorDetails(tensor, position, stored, role)];
    });
  const type = computedType(layer);
  return {
    index,
    domain: node.domain,
    op: node.op,
    version: node.version,
    attributes: [...node.attributes].map(([name, value]) => [name, attributeText(name, value)] as const),
    metadata: [...(node.metadata ?? [])].map(([name, value]) => [name, shorten(value)] as const),
    inputs: describe(layer.inputs, node.inputs, node.op),
    outputs: describe(layer.outputs, node.outputs),
    computedIn: type ?? null,
    computeType: computeType(type ?? "float32"),
  };
}

/**
 * The constant behind an input of a layer, as the file stores it.
 * @param input position among the node's inputs
 * @throws {OptionError} when there is none
 */
export function storedInput(
  analysed: AnalysedModel,
  index: number,
  input: number,
): StoredTensor & { readonly constant: Constant } {
  const { node, name } = layerAt(analysed, index);
  const scope = scopesOf(analysed.model).get(node);
  const stored = scope && storedTensor(scope, node.inputs[input] ?? -1);
  if (stored?.constant) return { ...stored, constant: stored.constant };
  throw new OptionError(`${analysed.model.file}: input ${input} of ${name} is not a constant of the file`);
}

function layerAt({ model, listing }: AnalysedModel, index: number): Layer {
  const layer = listing.layers[index];
  if (!layer) throw new OptionError(`${model.file}: there is no layer ${index}`);
  return layer;
}

function tensorDetails(
  tensor: LayerTensor,
  position: number,
  stored: StoredTensor | undefined,
  role: string | null,
): TensorDetails {
  const { name, dataType, shape, use, constant, isVariable } = tensor;
  return {
    name,
    position,
    role,
    dtype: dataType ?? null,
    shape: shape?.map(printDimension) ?? null,
    use,
    isVariable: isVariable === true,
    constant: constant
      ? {
          storedType: constant.dataType,
          elements: constant.elements ?? null,
          storedBytes: constant.storedBytes ?? null,
          encoding: constant.encoding ?? DENSE,
          values: tensor.value
            ? listText(
                tensor.value.map((item) =>
                  typeof item === "number" ? numberText(item, isFloat(constant.dataType)) : String(item),
                ),
              )
            : valuesText(stored?.constant),
          isReadable: stored?.constant !== undefined && stored.constant.storage.kind !== "none",
        }
      : null,
    quantization: stored?.quantization ? quantizationDetails(stored.quantization) : null,
  };
}

function valuesText(constant: Constant | undefined): string | null {
  const values = constant?.values;
  if (!constant || !values || values.length > LISTED_NUMBERS) return null;
  return listText(values.map((value) => numberText(value, isFloat(constant.dataType))));
}

function quantizationDetails(quantization: Quantization): QuantizationDetails {
  const { granularity, axis, blockSize, scales, zeroPoints } = quantization;
  return {
    granularity,
    axis: axis ?? null,
    blockSize: blockSize ?? null,
    count: scales.length,
    scales: scales.slice(0, LISTED_NUMBERS),
    zeroPoints: zeroPoints.slice(0, LISTED_NUMBERS),
    // An Infinity is no JSON.
    smallestScale: scales.length === 0 ? null : scales.reduce((least, scale) => Math.min(least, scale)),
    largestScale: scales.length === 0 ? null : scales.reduce((most, scale) => Math.max(most, scale)),
    plotted: plotted(scales),
  };
}

/** A plot is not wider. */
const MOST_PLOTTED = 256;

function plotted(scales: readonly number[]): readonly number[] {
  const together = Math.max(1, Math.ceil(scales.length / MOST_PLOTTED));
  return Array.from({ length: Math.ceil(scales.length / together) }, (_, bar) =>
    scales.slice(bar * together, (bar + 1) * together).reduce((most, scale) => Math.max(most, scale)),
  );
}

/** Attributes that are floats whatever their values: the format keeps them so, and 1 would read as a count. */
const FLOAT_ATTRIBUTES: ReadonlySet<string> = new Set([
  "activation_alpha",
  "activation_beta",
  "activation_params",
  "alpha",
  "beta",
  "bias",
  "cell_clip",
  "clip",
  "cubic_coeff_a",
  "epsilon",
  "extrapolation_value",
  "gamma",
  "high",
  "lambd",
  "low",
  "mean",
  "momentum",
  "proj_clip",
  "ratio",
  "scale",
  "scales",
  "softcap",
  "spatial_scale",
  "value_float",
  "value_floats",
]);

/** An attribute as a person reads it: "[1, 1]", "SAME", "float32 64×3×7×7". */
function attributeText(name: string, value: Attribute): string {
  const isReal = FLOAT_ATTRIBUTES.has(name);
  if (typeof value === "string") return shorten(value);
  if (typeof value === "number") return numberText(value, isReal);
  if (typeof value === "boolean") return String(value);
  if (!isConstant(value))
    return listText(value.map((item) => (typeof item === "number" ? numberText(item, isReal) : item)));
  const type = `${value.dataType} ${formatShape(value.shape)}`;
  const elements = elementsOf(value.shape) ?? 0;
  const values = valuesText(value);
  return values === null ? `${type} (${formatCount(elements)} elements)` : `${type}: ${values}`;
}

function listText(items: readonly string[]): string {
  const listed = items.slice(0, LISTED_NUMBERS).map(shorten);
  const more = items.length - listed.length;
  return `[${listed.join(", ")}${more > 0 ? `, … ${more} more` : ""}]`;
}

/** Attributes are stored as float32: 0.1 is 0.1, not 0.10000000149. */
function numberText(value: number, isReal: boolean): string {
  if (!Number.isInteger(value)) return String(Number(value.toPrecision(7)));
  const text = String(value);
  return isReal && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function shorten(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
