import type { Model, TensorId } from "../../../model/model.ts";
import type { DataType } from "../../../model/data-type.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { Weights } from "../../../neutral/weights.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import type { AffineCoding, IntegerCoding, PaletteCoding, SparseCoding } from "../../../neutral/weight-coding.ts";
import { bitPlanes, packed, packedLength } from "../../../neutral/packed-bits.ts";
import { sparseGaps } from "../../../neutral/sparse-gaps.ts";
import { dataTypeCode } from "../data-types.ts";

/** Since then CumSum and ScatterElements are there. */
const FIRST_WITH_PLACES = 11;
/** Since then BitShift is there; before, bits are taken apart by divisions. */
const FIRST_WITH_SHIFTS = 11;
/** Since then Slice takes where it begins and ends as inputs. */
const FIRST_WITH_SLICE_INPUTS = 10;

/** See `FormatAdapter.whyNoPlaces`. */
export function whyNoPlaces({ opsets }: Model): string | undefined {
  const opset = opsets.get("") ?? 1;
  if (opset >= FIRST_WITH_PLACES) return undefined;
  return `weights are put in their places by operators that operator set ${FIRST_WITH_PLACES} has first, and the model uses ${opset}`;
}

/**
 * Weights that the file decodes itself, by operators that runtimes carry out once, when they load it (constant folding): the layer then
 * computes with plain floats. DequantizeLinear and NonZero are never folded by ONNX Runtime, and so not used.
 * @param instead the constant that they take the place of
 * @returns the decoded weights, in their own shape
 * @throws {LoweringError} when the operator set is too old
 */
export async function writeCoded(
  draft: GraphBuilder,
  name: string,
  weights: Weights,
  instead?: TensorId,
): Promise<TensorId> {
  const { coding, shape } = weights;
  const decoder = new Decoder(draft, name, instead);
  switch (coding?.kind) {
    case undefined:
    case "product":
      throw new RangeError(`${name}: nothing decodes these weights`);
    case "float16":
      return decoder.cast(
        await draft.addConstant(`${name}.f16`, { shape, dataType: "float16", read: () => weights.read() }, instead),
        "float32",
      );
    case "affine":
      return decoder.affine(coding, shape);
    case "integers":
      return decoder.integers(coding, weights);
    case "palette":
      return decoder.palette(coding, shape);
    case "sparse":
      return decoder.sparse(coding, shape);
  }
}

class Decoder {
  readonly #settings: Map<string, TensorId>;
  #made = 0;
  #hasTakenPlace = false;

  constructor(
    private readonly draft: GraphBuilder,
    private readonly name: string,
    private readonly instead: TensorId | undefined,
  ) {
    this.#settings = settingsOf(draft);
  }

  /** The name of the weight before goes to one constant alone. */
  #takesPlace(): boolean {
    const isFirst = !this.#hasTakenPlace;
    this.#hasTakenPlace = true;
    return isFirst;
  }

  cast(input: TensorId, to: DataType): TensorId {
    return this.#node("Cast", [input], { to: dataTypeCode(to) });
  }

  async affine(coding: AffineCoding, shape: readonly number[]): Promise<TensorId> {
    const { bits, blockSize, hasZeroPoints, zeroPoint } = coding;
    const [rows = 1] = shape;
    const elements = elementsOf(shape) ?? 0;
    const blocks = blockSize === undefined ? 1 : elements / rows / blockSize;
    const view = blockSize === undefined ? shape : [rows, blocks, blockSize];
    const scaleShape = blockSize === undefined ? [rows, ...shape.slice(1).map(() => 1)] : [rows, blocks, 1];
    const numbers = (): Promise<Awaited<ReturnType<AffineCoding["numbers"]>>> => coding.numbers();
    let value: TensorId;
    if (bits === 8 && !hasZeroPoints) {
      const read = async (): Promise<ArrayLike<number>> =>
        Int8Array.from((await numbers()).levels, (at) => at - zeroPoint);
      value = this.cast(await this.#constant("q", "int8", view, read), "float32");
    } else {
      const levels = await this.#levels(bits, elements, async () => (await numbers()).levels, "float32");
      const placed = this.#reshaped(levels, view);
      const zeros = hasZeroPoints
        ? await this.#constant("z", "float32", scaleShape, async () => (await numbers()).zeroPoints)
        : this.#setting("float32", [zeroPoint], []);
      value = this.#node("Sub", [placed, zeros]);
    }
    const scales = await this.#constant("s", "float32", scaleShape, async () => (await numbers()).scales);
    const scaled = this.#node("Mul", [value, scales]);
    return blockSize === undefined ? scaled : this.#reshaped(scaled, shape);
  }

  /** int8, behind a DequantizeLinear: ONNX Runtime unpacks them when it loads the file, and computes with them as they are then. */
  async integers(coding: IntegerCoding, { shape, quantization }: Weights): Promise<TensorId> {
    const { bits } = coding;
    const { scales = [1], granularity = "tensor", axis = 0 } = quantization ?? {};
    const isPerChannel = granularity === "channel";
    const unpacked = this.#reshaped(
      await this.#levels(bits, elementsOf(shape) ?? 0, () => coding.levels(), "float32"),
      shape,
    );
    const signed = this.#node("Sub", [unpacked, this.#setting("float32", [2 ** (bits - 1)], [])]);
    const dims = isPerChannel ? [scales.length] : [];
    const inputs = [
      this.cast(signed, "int8"),
      await this.#constant("s", "float32", dims, () => Promise.resolve(scales)),
      await this.#constant("z", "int8", dims, () => Promise.resolve(scales.map(() => 0))),
    ];
    return this.#node("DequantizeLinear", inputs, isPerChannel ? { axis } : {});
  }

  async palette(coding: PaletteCoding, shape: readonly number[]): Promise<TensorId> {
    const { bits } = coding;
    const read = async (): Promise<Uint8Array> => (await coding.numbers()).indices;
    const indices = await this.#levels(bits, elementsOf(shape) ?? 0, read, "int32");
    const codebook = await this.#constant("c", "float32", [2 ** bits], async () => (await coding.numbers()).codebook);
    return this.#reshaped(this.#node("Gather", [codebook, indices]), shape);
  }

  /** Gaps between the stored weights; a longer one than fits has stored zeros within. */
  async sparse(coding: SparseCoding, shape: readonly number[]): Promise<TensorId> {
    const why = whyNoPlaces(this.draft.model);
    if (why !== undefined) throw new LoweringError(`${this.name}: ${why}`);
    if (!this.draft.readsWeights)
      throw new LoweringError(`${this.name}: how many weights stay is known when they are computed`);
    const { places, values, codebook } = await coding.numbers();
    const valueBits = coding.paletteBits ?? 32;
    const { gapBits, gaps, sources } = sparseGaps(places, valueBits);
    const distances = await this.#levels(gapBits, gaps.length, () => Promise.resolve(gaps), "int64");
    const positions = this.#node("CumSum", [distances, this.#setting("int64", [0], [])]);
    const stored = Float32Array.from(sources, (source) => (source < 0 ? 0 : (values[source] ?? 0)));
    let updates: TensorId;
    if (coding.paletteBits === undefined) {
      updates = await this.#constant("v", "float32", [stored.length], () => Promise.resolve(stored));
    } else {
      const places_ = new Map(Array.from(codebook, (value, index) => [value, index]));
      const indices = Uint8Array.from(stored, (value) => places_.get(value) ?? 0);
      const read = (): Promise<Uint8Array> => Promise.resolve(indices);
      const table = await this.#constant("c", "float32", [codebook.length], () => Promise.resolve(codebook));
      updates = this.#node("Gather", [table, await this.#levels(coding.paletteBits, indices.length, read, "int32")]);
    }
    const zeros = this.#node("ConstantOfShape", [this.#setting("int64", [elementsOf(shape) ?? 0], [1])]);
    return this.#reshaped(this.#node("ScatterElements", [zeros, positions, updates]), shape);
  }

  /** Whole numbers from 0 on, packed into bytes, as a list of another type. */
  async #levels(
    bits: number,
    count: number,
    read: () => Promise<Uint8Array>,
    type: "float32" | "int32" | "int64",
  ): Promise<TensorId> {
    const planes = bitPlanes(bits);
    let sum: TensorId | undefined;
    for (const { bits: width, shift } of planes) {
      const plane = this.cast(await this.#plane(width, shift, count, read), type);
      const scaled = shift === 0 ? plane : this.#node("Mul", [plane, this.#setting(type, [2 ** shift], [])]);
      sum = sum === undefined ? scaled : this.#node("Add", [sum, scaled]);
    }
    if (sum === undefined) throw new RangeError(`${this.name}: no bits`);
    return sum;
  }

  async #plane(bits: number, shift: number, count: number, read: () => Promise<Uint8Array>): Promise<TensorId> {
    if (bits === 8) return this.#constant("q", "uint8", [count], read);
    const words = packedLength(bits, count);
    const each = 8 / bits;
    const stored = await this.#constant("q", "uint8", [words, 1], async () => packed(bits, shift, await read()));
    const levels = this.draft.opset() < FIRST_WITH_SHIFTS ? this.#divided(stored, bits) : this.#shifted(stored, bits);
    const list = this.#reshaped(levels, [words * each]);
    if (words * each === count) return list;
    if (this.draft.opset() < FIRST_WITH_SLICE_INPUTS)
      return this.#node("Slice", [list], { starts: [0], ends: [count] });
    return this.#node("Slice", [list, this.#setting("int64", [0], [1]), this.#setting("int64", [count], [1])]);
  }

  /** Numbers of so many bits of each byte, the lowest first. @param stored of shape [bytes, 1] */
  #shifted(stored: TensorId, bits: number): TensorId {
    const lefts = perByte(bits, (place) => 8 - bits * (place + 1));
    const left = this.#node("BitShift", [stored, this.#setting("uint8", lefts, [lefts.length])], { direction: "LEFT" });
    return this.#node("BitShift", [left, this.#setting("uint8", [8 - bits], [])], { direction: "RIGHT" });
  }

  /** The same by what every operator set has: x − ⌊x / 2ᵇ⌋ · 2ᵇ of what is left of a byte above a place. */
  #divided(stored: TensorId, bits: number): TensorId {
    const steps = perByte(bits, (place) => 2 ** (bits * place));
    const above = this.#node("Div", [this.cast(stored, "int32"), this.#setting("int32", steps, [steps.length])]);
    const base = this.#setting("int32", [2 ** bits], []);
    const higher = this.#node("Mul", [this.#node("Div", [above, base]), base]);
    return this.#node("Sub", [above, higher]);
  }

  #constant(
    role: string,
    dataType: DataType,
    shape: readonly number[],
    read: () => Promise<ArrayLike<number>>,
  ): Promise<TensorId> {
    // Every name stands in the file twice.
    const name = role === "q" ? this.name : role;
    return this.draft.addConstant(
      name,
      { shape, dataType, read },
      role === "q" && this.#takesPlace() ? this.instead : undefined,
    );
  }

  #reshaped(input: TensorId, shape: readonly number[]): TensorId {
    return this.#node("Reshape", [input, this.#setting("int64", shape, [shape.length])]);
  }

  /** Nodes without names: the file is to be small. */
  #node(
    op: string,
    inputs: readonly TensorId[],
    attributes: Readonly<Record<string, number | string | readonly number[]>> = {},
  ): TensorId {
    const output = this.draft.addTensor("d");
    this.#made += 1;
    this.draft.addNode(
      { op, inputs, outputs: [output], attributes: new Map(Object.entries(attributes)) },
      `${this.name}.decode${this.#made}`,
    );
    return output;
  }

  /** The same numbers are there once for all layers. */
  #setting(
    type: "uint8" | "int32" | "int64" | "float32",
    values: readonly number[],
    shape: readonly number[],
  ): TensorId {
    const key = `${type} ${shape.join("×")} ${values.join()}`;
    const known = this.#settings.get(key);
    if (known !== undefined && this.draft.tensors[known]?.constant) return known;
    const id = this.draft.addSetting(`k${this.#settings.size}`, type, values, shape);
    this.#settings.set(key, id);
    return id;
  }
}

/** A setting for each of the numbers of so many bits that a byte holds. */
function perByte(bits: number, setting: (place: number) => number): readonly number[] {
  return Array.from({ length: 8 / bits }, (_, place) => setting(place));
}

const SETTINGS = new WeakMap<GraphBuilder, Map<string, TensorId>>();

function settingsOf(draft: GraphBuilder): Map<string, TensorId> {
  const known = SETTINGS.get(draft) ?? new Map<string, TensorId>();
  SETTINGS.set(draft, known);
  return known;
}
