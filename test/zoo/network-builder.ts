import { at, elements, imageShape, type ActivationName, type Input, type Network, type Step } from "./network.ts";
import type { StepKind, Value, Weight } from "./network.ts";
import { makeWindow, outputSize, type Padding, type WindowOptions } from "./windows.ts";

export interface ConvOptions extends Omit<WindowOptions, "pad"> {
  readonly out: number;
  readonly pad?: Padding;
  readonly groups?: number;
  readonly hasBias?: boolean;
}

export interface PoolOptions extends WindowOptions {
  readonly isCeil?: boolean;
  /** Whether an average takes padding for zeros. */
  readonly countsPadding?: boolean;
  /** For a max pooling whose places an unpooling fills again. */
  readonly keepsPlaces?: boolean;
}

/**
 * Writes a network down step by step. Each method takes values and gives the value it computes; names follow the modules that
 * `scope` opens, as an exporter writes them.
 */
export class NetworkBuilder {
  private readonly inputs: Input[] = [];
  private readonly steps: Step[] = [];
  private readonly scopes: string[] = [];
  private readonly names = new Set<string>();

  /** Square image of one sample; the batch is dynamic where the format's writer is told so. */
  image(channels: number, size: number | readonly [number, number], batch = 1): Value {
    const [height, width] = typeof size === "number" ? [size, size] : size;
    return this.input("input", [batch, channels, height, width], "image", "float", { 0: "batch" });
  }

  /** Indices [batch, sequence], both dynamic. */
  tokens(name: string, batch: number, sequence: number): Value {
    return this.input(name, [batch, sequence], "plain", "index", { 0: "batch", 1: "sequence" });
  }

  finish(name: string, ...outputs: readonly Value[]): Network {
    return { name, inputs: this.inputs, steps: this.steps, outputs };
  }

  /** What `describe` adds stands in the module `name`. */
  scope<Result>(name: string, describe: () => Result): Result {
    this.scopes.push(name);
    const result = describe();
    this.scopes.pop();
    return result;
  }

  conv(x: Value, name: string, options: ConvOptions): Value {
    const { out, groups = 1, hasBias = true } = options;
    const [n, c, h, w] = imageShape(x);
    const window = makeWindow([h, w], options);
    if (c % groups !== 0 || out % groups !== 0) throw new Error(`${name}: ${groups} groups of ${c} to ${out} channels`);
    const inner = c / groups;
    const shape = [n, out, ...outputSize([h, w], window)];
    const kernel = [out, inner, ...window.kernel];
    return this.add({ kind: "conv", window, groups }, name, [x], shape, (named) => [
      weight(named("weight"), kernel, 0, heSpread(elements(kernel) / out)),
      ...(hasBias ? [weight(named("bias"), [out], 0, 0.05)] : []),
    ]);
  }

  /** One filter a channel. */
  depthwise(x: Value, name: string, options: Omit<ConvOptions, "out" | "groups">): Value {
    const [, channels] = imageShape(x);
    return this.conv(x, name, { ...options, out: channels, groups: channels });
  }

  /** The image times the stride, padded as TensorFlow pads it. */
  transposedConv(x: Value, name: string, options: ConvOptions & { readonly stride: number }): Value {
    const { out, stride, hasBias = true } = options;
    const [n, c, h, w] = imageShape(x);
    const size = [h * stride, w * stride] as const;
    const window = makeWindow(size, { ...options, pad: "same" });
    const kernel = [c, out, ...window.kernel];
    return this.add({ kind: "transposedConv", window }, name, [x], [n, out, ...size], (named) => [
      weight(named("weight"), kernel, 0, heSpread(elements(kernel) / out)),
      ...(hasBias ? [weight(named("bias"), [out], 0, 0.05)] : []),
    ]);
  }

  dense(x: Value, name: string, out: number, hasBias = true): Value {
    const inner = at(x.shape, x.shape.length - 1);
    const flattened = this.steps.find(({ kind, output }) => kind === "flatten" && output === x)?.inputs[0];
    const image = flattened?.layout === "image" ? { image: flattened.shape.slice(1) } : {};
    return this.add({ kind: "dense", ...image }, name, [x], [...x.shape.slice(0, -1), out], (named) => [
      weight(named("weight"), [out, inner], 0, heSpread(inner)),
      ...(hasBias ? [weight(named("bias"), [out], 0, 0.05)] : []),
    ]);
  }

  batchNorm(x: Value, name = "bn"): Value {
    const channels = [at(x.shape, 1)];
    return this.add({ kind: "batchNorm" }, name, [x], x.shape, (named) => [
      weight(named("weight"), channels, 1, 0.1),
      weight(named("bias"), channels, 0, 0.1),
      weight(named("running_mean"), channels, 0, 0.1),
      weight(named("running_var"), channels, 1, 0.1),
    ]);
  }

  layerNorm(x: Value, name: string): Value {
    const width = x.shape.slice(-1);
    return this.add({ kind: "layerNorm" }, name, [x], x.shape, (named) => [
      weight(named("weight"), width, 1, 0.1),
      weight(named("bias"), width, 0, 0.1),
    ]);
  }

  /** Local response normalisation with the constants of AlexNet. */
  lrn(x: Value, bias = 2): Value {
    return this.add({ kind: "lrn", size: 5, alpha: 1e-4, beta: 0.75, bias }, "lrn", [x], x.shape);
  }

  maxPool(x: Value, options: PoolOptions, name = "maxpool"): Value {
    return this.pool("max", x, options, name);
  }

  averagePool(x: Value, options: PoolOptions, name = "avgpool"): Value {
    return this.pool("average", x, options, name);
  }

  /** `pooled` is the output of the max pooling whose places are filled again. */
  unpool(x: Value, pooled: Value, name = "unpool"): Value {
    const pooling = this.steps.find(({ output }) => output === pooled);
    if (pooling?.kind !== "pool" || !pooling.keepsPlaces) throw new Error(`${pooled.name} keeps no places`);
    const [, , h, w] = imageShape(at(pooling.inputs, 0));
    return this.add({ kind: "unpool", window: pooling.window }, name, [x, pooled], [...x.shape.slice(0, 2), h, w]);
  }

  globalPool(x: Value): Value {
    return this.add({ kind: "globalPool" }, "pool", [x], [...x.shape.slice(0, 2), 1, 1]);
  }

  activation(x: Value, activation: ActivationName): Value {
    return this.add({ kind: "activation", activation }, activation, [x], x.shape);
  }

  relu(x: Value): Value {
    return this.activation(x, "relu");
  }

  relu6(x: Value): Value {
    return this.activation(x, "relu6");
  }

  prelu(x: Value): Value {
    const channels = at(x.shape, 1);
    return this.add({ kind: "prelu" }, "prelu", [x], x.shape, (named) => [
      weight(named("weight"), [channels], 0.25, 0.05),
    ]);
  }

  softmax(x: Value): Value {
    return this.add({ kind: "softmax" }, "softmax", [x], x.shape);
  }

  plus(a: Value, b: Value, name = "add"): Value {
    return this.binary("add", a, b, name);
  }

  times(a: Value, b: Value, name = "mul"): Value {
    return this.binary("mul", a, b, name);
  }

  scale(x: Value, factor: number): Value {
    return this.add({ kind: "scale" }, "scale", [x], x.shape, (named) => [weight(named("factor"), [1], factor, 0)]);
  }

  concat(values: readonly Value[], name = "concat"): Value {
    const [n, , h, w] = imageShape(at(values, 0));
    const channels = values.reduce((sum, value) => sum + imageShape(value)[1], 0);
    return this.add({ kind: "concat" }, name, values, [n, channels, h, w]);
  }

  shuffle(x: Value, groups: number): Value {
    return this.add({ kind: "shuffle", groups }, "shuffle", [x], x.shape);
  }

  flatten(x: Value): Value {
    const [n, ...rest] = x.shape;
    return this.add({ kind: "flatten" }, "flatten", [x], [n ?? 1, elements(rest)], undefined, "plain");
  }

  pad(x: Value, before: readonly number[], after: readonly number[]): Value {
    const shape = x.shape.map((size, axis) => size + at(before, axis) + at(after, axis));
    return this.add({ kind: "pad", before, after }, "pad", [x], shape);
  }

  /** Everything from `starts` on. */
  crop(x: Value, starts: readonly number[]): Value {
    return this.add(
      { kind: "slice", starts },
      "crop",
      [x],
      x.shape.map((size, axis) => size - at(starts, axis)),
    );
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    const shape = permutation.map((axis) => at(x.shape, axis));
    return this.add({ kind: "transpose", permutation }, "transpose", [x], shape);
  }

  splitHeads(x: Value, heads: number): Value {
    const [batch = 1, length = 1, width = 1] = x.shape;
    return this.add({ kind: "splitHeads", heads }, "split_heads", [x], [batch, length, heads, width / heads]);
  }

  mergeHeads(x: Value): Value {
    const [batch = 1, length = 1, heads = 1, size = 1] = x.shape;
    return this.add({ kind: "mergeHeads" }, "merge_heads", [x], [batch, length, heads * size]);
  }

  matmul(a: Value, b: Value, name = "matmul"): Value {
    return this.add({ kind: "matmul" }, name, [a, b], [...a.shape.slice(0, -1), at(b.shape, b.shape.length - 1)]);
  }

  embedding(indices: Value, name: string, rows: number, width: number): Value {
    return this.add({ kind: "embedding" }, name, [indices], [...indices.shape, width], (named) => [
      weight(named("weight"), [rows, width], 0, 1),
    ]);
  }

  positions(indices: Value, name: string, rows: number, width: number): Value {
    return this.add({ kind: "positions" }, name, [indices], [at(indices.shape, 1), width], (named) => [
      weight(named("weight"), [rows, width], 0, 1),
    ]);
  }

  firstToken(x: Value): Value {
    const [batch = 1, , width = 1] = x.shape;
    return this.add({ kind: "firstToken" }, "first", [x], [batch, width]);
  }

  private pool(mode: "max" | "average", x: Value, options: PoolOptions, name: string): Value {
    const [n, c, h, w] = imageShape(x);
    const { isCeil = false, countsPadding = false, keepsPlaces = false } = options;
    const window = makeWindow([h, w], options);
    const shape = [n, c, ...outputSize([h, w], window, isCeil)];
    return this.add({ kind: "pool", mode, window, isCeil, countsPadding, keepsPlaces }, name, [x], shape);
  }

  private binary(op: "add" | "mul", a: Value, b: Value, name: string): Value {
    const rank = Math.max(a.shape.length, b.shape.length);
    const sizes = (value: Value): number[] => [...Array<number>(rank - value.shape.length).fill(1), ...value.shape];
    const [left, right] = [sizes(a), sizes(b)];
    const shape = left.map((size, axis) => {
      const other = at(right, axis);
      if (size !== other && size !== 1 && other !== 1)
        throw new Error(`${op} of [${left.join()}] and [${right.join()}]`);
      return Math.max(size, other);
    });
    return this.add({ kind: "binary", op }, name, [a, b], shape);
  }

  private input(
    name: string,
    shape: readonly number[],
    layout: Value["layout"],
    type: Value["type"],
    dimensions: Input["dimensions"],
  ): Value {
    const value = { name, shape, layout, type };
    this.inputs.push({ value, dimensions });
    return value;
  }

  private add(
    kind: StepKind,
    name: string,
    inputs: readonly Value[],
    shape: readonly number[],
    weights: (named: (role: string) => string) => readonly Weight[] = () => [],
    layout = at(inputs, 0).layout,
  ): Value {
    if (shape.some((size) => size < 1 || !Number.isInteger(size))) throw new Error(`${name}: [${shape.join(", ")}]`);
    const path = this.unique(`/${[...this.scopes, name].join("/")}`);
    const output: Value = { name: `${path}/output`, shape, layout, type: "float" };
    const module = path.slice(1).replaceAll("/", ".");
    this.steps.push({ ...kind, name: path, inputs, output, weights: weights((role) => `${module}.${role}`) });
    return output;
  }

  private unique(path: string): string {
    let name = path;
    for (let copy = 1; this.names.has(name); copy += 1) name = `${path}_${copy}`;
    this.names.add(name);
    return name;
  }
}

function weight(name: string, shape: readonly number[], center: number, spread: number): Weight {
  return { name, shape, center, spread };
}

/** Half-width of the even distribution that keeps a ReLU network's activations at one size (He et al. 2015). */
function heSpread(inner: number): number {
  return Math.sqrt(6 / inner);
}
