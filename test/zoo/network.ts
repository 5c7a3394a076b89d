/**
 * A network as its paper draws it, in no file format: steps over values whose images are N×C×H×W. `to-onnx.ts` and `to-tflite.ts` write
 * it; `count.ts` counts it, independently of the engine.
 */
export interface Network {
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly steps: readonly Step[];
  readonly outputs: readonly Value[];
}

export interface Input {
  readonly value: Value;
  /** Names of the dynamic dimensions by axis; the value's shape holds the sizes that counting uses. */
  readonly dimensions: Readonly<Record<number, string>>;
}

export interface Value {
  readonly name: string;
  /** An image is [N, C, H, W] here whatever the format; plain tensors keep their order in both. */
  readonly shape: readonly number[];
  readonly layout: "image" | "plain";
  readonly type: "float" | "index";
}

/** Numbers of a step: seeded by their name, spread evenly around `center`. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly center: number;
  readonly spread: number;
}

/** [vertical, horizontal] */
export type Pair = readonly [number, number];

/** [top, left, bottom, right] */
export type Pads = readonly [number, number, number, number];

export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pads: Pads;
  readonly dilation: Pair;
}

export type ActivationName = "relu" | "relu6" | "sigmoid" | "gelu" | "tanh";

/** Activations that TFLite's operators apply to their own outputs. */
export type FusedActivation = "relu" | "relu6";

/** What a step computes, its numbers aside. */
export type StepKind =
  /** Weights: [out, in / groups, kernel…], and a bias or not. */
  | { readonly kind: "conv"; readonly window: Window; readonly groups: number; readonly activation?: FusedActivation }
  /** Weights: [in, out, kernel…], and a bias or not. Its output is the input times the stride. */
  | { readonly kind: "transposedConv"; readonly window: Window }
  /** Weights: [out, in], and a bias or not. `image` is the shape that was flattened into the input, if one was. */
  | { readonly kind: "dense"; readonly image?: readonly number[]; readonly activation?: FusedActivation }
  /** Weights: scale, shift, mean, variance. */
  | { readonly kind: "batchNorm" }
  /** What is left of a batch normalisation that no convolution takes in. Weights: scale, shift. */
  | { readonly kind: "affine" }
  /** Over the last axis. Weights: scale, shift. */
  | { readonly kind: "layerNorm" }
  | {
      readonly kind: "lrn";
      readonly size: number;
      readonly alpha: number;
      readonly beta: number;
      readonly bias: number;
    }
  | {
      readonly kind: "pool";
      readonly mode: "max" | "average";
      readonly window: Window;
      readonly isCeil: boolean;
      /** Whether an average takes padding for zeros. */
      readonly countsPadding: boolean;
      readonly keepsPlaces: boolean;
    }
  /** Puts what a max pooling took back where it took it. Inputs: data, the pooling's output. */
  | { readonly kind: "unpool"; readonly window: Window }
  | { readonly kind: "globalPool" }
  | { readonly kind: "activation"; readonly activation: ActivationName }
  /** Weights: one slope a channel. */
  | { readonly kind: "prelu" }
  /** Over the last axis. */
  | { readonly kind: "softmax" }
  | { readonly kind: "binary"; readonly op: "add" | "mul"; readonly activation?: FusedActivation }
  /** Weights: one factor. */
  | { readonly kind: "scale" }
  /** Along the channels. */
  | { readonly kind: "concat" }
  /** Channels g×n to n×g. */
  | { readonly kind: "shuffle"; readonly groups: number }
  | { readonly kind: "flatten" }
  /** Zeros before and after, by axis. */
  | { readonly kind: "pad"; readonly before: readonly number[]; readonly after: readonly number[] }
  | { readonly kind: "slice"; readonly starts: readonly number[] }
  | { readonly kind: "transpose"; readonly permutation: readonly number[] }
  /** [batch, length, width] to [batch, length, heads, width / heads], and back. */
  | { readonly kind: "splitHeads"; readonly heads: number }
  | { readonly kind: "mergeHeads" }
  | { readonly kind: "matmul" }
  /** Rows of the weight by the input's indices. */
  | { readonly kind: "embedding" }
  /** The first rows of the weight, as many as the input [batch, length] is long. */
  | { readonly kind: "positions" }
  /** [batch, length, width] to [batch, width] */
  | { readonly kind: "firstToken" };

export type Step = StepKind & {
  /** Modules and a name of its own: "/layer1/block2/conv1". */
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly weights: readonly Weight[];
};

export type StepOf<Kind extends Step["kind"]> = Extract<Step, { readonly kind: Kind }>;

/** One function for each kind of step. */
export type StepTable<Context> = { readonly [Kind in Step["kind"]]: (step: StepOf<Kind>, context: Context) => void };

export function runStep<Context>(table: StepTable<Context>, step: Step, context: Context): void {
  // The table's type ties each kind to its function; the compiler cannot follow it through the index.
  (table[step.kind] as (step: Step, context: Context) => void)(step, context);
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** @throws {Error} when a step has fewer inputs or weights than its kind needs: an error in a network's description */
export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`no item ${index} among ${items.length}`);
  return item;
}

/** [N, C, H, W] of an image. */
export function imageShape(value: Value): readonly [number, number, number, number] {
  const [n, c, h, w] = value.shape;
  if (value.layout !== "image" || n === undefined || c === undefined || h === undefined || w === undefined) {
    throw new Error(`${value.name} is no image: [${value.shape.join(", ")}]`);
  }
  return [n, c, h, w];
}
