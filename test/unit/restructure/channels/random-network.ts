import { Random } from "../../../../profiler/numeric/random.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type AttributeValue,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";

/** A feature map on its way through a network that is being built. */
interface Map2d {
  readonly name: string;
  readonly channels: number;
  readonly size: number;
}

/**
 * A random network of what channels go through: residuals, concatenations, splits, shuffles, depthwise and grouped convolutions,
 * squeeze-and-excite, batch normalization, constants for each channel, pools, flatten into dense layers.
 */
export function randomNetwork(seed: number, length: number): Uint8Array {
  return new NetworkBuilder(seed).build(length);
}

type Block = (input: Map2d) => Map2d;

class NetworkBuilder {
  readonly #random: Random;
  readonly #nodes: OnnxNode[] = [];
  readonly #weights: OnnxTensor[] = [];
  #count = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  build(length: number): Uint8Array {
    const blocks: readonly Block[] = [
      (x) => this.#conv(x, 4 * this.#pick(1, 3), 3),
      (x) => this.#residual(x),
      (x) => this.#projected(x),
      (x) => this.#concatenated(x),
      (x) => this.#splitAndShuffled(x),
      (x) => this.#norm(this.#depthwise(x, this.#pick(1, 2))),
      (x) => this.#conv(x, 8, 3, 2),
      (x) => this.#squeezeAndExcite(x),
      (x) => this.#pool(x),
      (x) => this.#scaled(x),
      (x) => this.#padded(x),
      (x) => this.#channelsLast(x),
    ];
    let x = this.#relu(this.#conv({ name: "x", channels: 4, size: 8 }, 8, 3));
    for (let index = 0; index < length; index += 1) x = blocks[this.#pick(0, blocks.length - 1)]?.(x) ?? x;
    this.#head(x);
    const inputs = [value("x", "float32", ["batch", 4, 8, 8])];
    const outputs = [value("y", "float32", ["batch", 5])];
    return onnxModel({ graph: graph(this.#nodes, { inputs, outputs, initializers: this.#weights }) });
  }

  /** From low to high, both included. */
  #pick(low: number, high: number): number {
    return low + Math.floor(this.#random.uniform() * (high - low + 1));
  }

  #weight(dims: readonly number[], fanIn: number, offset = 0): string {
    const name = `w${this.#count++}`;
    const count = dims.reduce((product, size) => product * size, 1);
    const values = Array.from(this.#random.normals(count), (each) => offset + each / Math.sqrt(fanIn));
    this.#weights.push(tensor(name, "float32", dims, values));
    return name;
  }

  #integers(values: readonly number[]): string {
    const name = `i${this.#count++}`;
    this.#weights.push(tensor(name, "int64", [values.length], values));
    return name;
  }

  #add(op: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const output = `t${this.#count++}`;
    this.#nodes.push(node(op, inputs, [output], attributes, { name: `${op}_${output}` }));
    return output;
  }

  #conv(x: Map2d, channels: number, kernel: 1 | 3, group = 1): Map2d {
    const fits = x.channels % group === 0 ? group : 1;
    const perGroup = x.channels / fits;
    const weight = this.#weight([channels, perGroup, kernel, kernel], perGroup * kernel ** 2);
    const inputs = [x.name, weight, ...(this.#pick(0, 1) === 0 ? [this.#weight([channels], 4)] : [])];
    const pad = (kernel - 1) / 2;
    return { ...x, name: this.#add("Conv", inputs, { group: fits, pads: [pad, pad, pad, pad] }), channels };
  }

  #depthwise(x: Map2d, multiplier: number): Map2d {
    const channels = x.channels * multiplier;
    const weight = this.#weight([channels, 1, 3, 3], 9);
    return { ...x, name: this.#add("Conv", [x.name, weight], { group: x.channels, pads: [1, 1, 1, 1] }), channels };
  }

  #norm(x: Map2d): Map2d {
    const { channels } = x;
    const [scale, shift, mean] = [
      this.#weight([channels], 9, 1),
      this.#weight([channels], 9),
      this.#weight([channels], 9),
    ];
    const variance = `w${this.#count++}`;
    const spread = Array.from({ length: channels }, () => 0.5 + this.#random.uniform());
    this.#weights.push(tensor(variance, "float32", [channels], spread));
    return { ...x, name: this.#add("BatchNormalization", [x.name, scale, shift, mean, variance]) };
  }

  #relu(x: Map2d): Map2d {
    return { ...x, name: this.#add("Relu", [x.name]) };
  }

  #residual(x: Map2d): Map2d {
    const branch = this.#conv(this.#relu(this.#norm(this.#conv(x, 8, 3))), x.channels, 1);
    return this.#relu({ ...x, name: this.#add("Add", [branch.name, x.name]) });
  }

  #projected(x: Map2d): Map2d {
    const [left, right] = [this.#norm(this.#conv(x, 12, 3)), this.#conv(x, 12, 1)];
    return { ...left, name: this.#add("Add", [left.name, right.name]) };
  }

  #concatenated(x: Map2d): Map2d {
    const parts = [this.#relu(this.#conv(x, 4, 1)), this.#conv(x, 6, 3), ...(this.#pick(0, 1) === 0 ? [x] : [])];
    const name = this.#add(
      "Concat",
      parts.map((part) => part.name),
      { axis: 1 },
    );
    return { ...x, name, channels: parts.reduce((sum, { channels }) => sum + channels, 0) };
  }

  /** As in ShuffleNet V2: one half goes past, the other through a convolution. */
  #splitAndShuffled(x: Map2d): Map2d {
    const wide = this.#conv(x, 12, 1);
    const [left, right] = [`t${this.#count++}`, `t${this.#count++}`];
    this.#nodes.push(
      node("Split", [wide.name, this.#integers([6, 6])], [left, right], { axis: 1 }, { name: `Split_${left}` }),
    );
    const through = this.#conv({ ...wide, name: right, channels: 6 }, 6, 3);
    const joined = this.#add("Concat", [left, through.name], { axis: 1 });
    const { size } = x;
    const grouped = this.#add("Reshape", [joined, this.#integers([0, 2, 6, size, size])]);
    const swapped = this.#add("Transpose", [grouped], { perm: [0, 2, 1, 3, 4] });
    return { ...wide, name: this.#add("Reshape", [swapped, this.#integers([0, 12, size, size])]) };
  }

  #squeezeAndExcite(x: Map2d): Map2d {
    const mean = { name: this.#add("GlobalAveragePool", [x.name]), channels: x.channels, size: 1 };
    const gate = this.#conv(this.#relu(this.#conv(mean, 4, 1)), x.channels, 1);
    return { ...x, name: this.#add("Mul", [this.#add("Sigmoid", [gate.name]), x.name]) };
  }

  #pool(x: Map2d): Map2d {
    if (x.size < 4) return this.#relu(x);
    const op = this.#pick(0, 1) === 0 ? "MaxPool" : "AveragePool";
    return { ...x, name: this.#add(op, [x.name], { kernel_shape: [2, 2], strides: [2, 2] }), size: x.size / 2 };
  }

  #scaled(x: Map2d): Map2d {
    const { channels } = x;
    const scaled = this.#add("Mul", [this.#weight([channels, 1, 1], 9, 1), x.name]);
    const moved = this.#add("Sub", [scaled, this.#weight([1, channels, 1, 1], 9)]);
    return { ...x, name: this.#add("PRelu", [moved, this.#weight([channels, 1, 1], 9)]) };
  }

  /** Zero channels beside those that are there: they stay where they are. */
  #padded(x: Map2d): Map2d {
    return {
      ...x,
      name: this.#add("Pad", [x.name, this.#integers([0, 1, 0, 0, 0, 1, 0, 0])]),
      channels: x.channels + 2,
    };
  }

  /** A dense layer for each position, as in ConvNeXt and transformers. */
  #channelsLast(x: Map2d): Map2d {
    const last = this.#add("Transpose", [x.name], { perm: [0, 2, 3, 1] });
    const dense = this.#add("MatMul", [last, this.#weight([x.channels, 7], x.channels)]);
    const biased = this.#add("Add", [dense, this.#weight([7], 9)]);
    return { ...x, name: this.#add("Transpose", [biased], { perm: [0, 3, 1, 2] }), channels: 7 };
  }

  #head(x: Map2d): void {
    const features = x.channels * x.size ** 2;
    const flat = this.#add("Flatten", [x.name]);
    const hidden = this.#add("Gemm", [flat, this.#weight([6, features], features), this.#weight([6], 9)], {
      transB: 1,
    });
    const inputs = [this.#add("Relu", [hidden]), this.#weight([6, 5], 6), this.#weight([5], 9)];
    this.#nodes.push(node("Gemm", inputs, ["y"], {}, { name: "head" }));
  }
}
