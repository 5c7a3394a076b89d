import type { Dimension } from "../model/shape.ts";
import { add, ifNumbers, multiply, product } from "../shapes/dimension.ts";
import {
  attentionProducts,
  convProducts,
  einsumProducts,
  matmulProducts,
  recurrentProducts,
  valueOf,
  type Product,
} from "./cost-rules-products.ts";
import { OPERATIONS_PER_ELEMENT } from "../operators/operations-per-element.ts";
import type {
  AttentionGeometry,
  ConvGeometry,
  EinsumGeometry,
  LayerKind,
  MatmulGeometry,
  Operation,
  PerElementGeometry,
  PlainKind,
  PoolGeometry,
  RecurrentGeometry,
} from "../operators/operation.ts";

/** What every kind of layer costs: one row a kind. Geometry and sizes in, counts out; symbolic sizes give symbolic counts. */

interface Geometries extends Record<PlainKind, undefined> {
  conv: ConvGeometry;
  dense: MatmulGeometry;
  matmul: MatmulGeometry;
  einsum: EinsumGeometry;
  recurrent: RecurrentGeometry;
  attention: AttentionGeometry;
  pool: PoolGeometry;
  norm: PerElementGeometry;
  activation: PerElementGeometry;
  elementwise: PerElementGeometry;
}

/** Elements of a layer's first input and first output. */
export interface LayerSizes {
  readonly input: Dimension;
  readonly output: Dimension;
}

interface CostRule<Geometry> {
  /** Multiply-accumulates. */
  readonly macs: (geometry: Geometry) => readonly Product[];
  /** All other arithmetic: bias, activation, pooling windows, normalisation, comparisons. Moving numbers is no arithmetic. */
  readonly otherOps: (geometry: Geometry, sizes: LayerSizes) => Dimension;
}

/** Fused activations by their neutral names, letters and digits only; the two that only TFLite has are bounds and a test of the sign. */
const FUSED_ACTIVATION_OPS: ReadonlyMap<string, number> = new Map([
  ...Object.entries(OPERATIONS_PER_ELEMENT).map(([name, operations]) => [name.toLowerCase(), operations] as const),
  ["relun1to1", OPERATIONS_PER_ELEMENT.clip],
  ["signbit", OPERATIONS_PER_ELEMENT.arithmetic],
]);

/** Maximum, difference, exp, sum, quotient. */
const SOFTMAX_OPS = 5;
/** Scale or its reciprocal, rounding; or zero point and scale. */
const QUANTIZE_OPS = 2;
/** Linear interpolation between four neighbours: four products and three sums. */
const RESIZE_OPS = 7;
/** Sum of both products, bias, sigmoid. */
const GATE_OPS = 2 + OPERATIONS_PER_ELEMENT.sigmoid;
/** What the new state of one hidden unit takes beside its gates: blends and, for an LSTM, one tanh. */
const CELL_OPS = { rnn: 0, gru: 5, lstm: 5, svdf: 0 } as const;
/** A window's elements are compared, summed, or raised and summed; an average also divides, an Lp norm takes one root. */
const WINDOW_OPS = { max: [1, 0], average: [1, 1], lp: [2, 1] } as const;

const none = (): readonly Product[] => [];
const zero = (): Dimension => 0;
const perInput = (_: undefined, { input }: LayerSizes): Dimension => input;
const perOutput =
  (operations: number) =>
  (_: undefined, { output }: LayerSizes): Dimension =>
    multiply(operations, output);
const perElement = ({ opsPerElement }: PerElementGeometry, { output }: LayerSizes): Dimension =>
  multiply(opsPerElement, output);

const movesOnly: CostRule<undefined> = { macs: none, otherOps: zero };
const elementRule: CostRule<PerElementGeometry> = { macs: none, otherOps: perElement };
const matrixRule: CostRule<MatmulGeometry> = { macs: matmulProducts, otherOps: fusedOps };

/** Kinds without a row here do not exist; "unknown" is the one kind whose cost nobody can tell. */
type KnownKind = Exclude<LayerKind, "unknown">;
const RULES: { readonly [Kind in KnownKind]: CostRule<Geometries[Kind]> } = {
  conv: { macs: convProducts, otherOps: fusedOps },
  dense: matrixRule,
  matmul: matrixRule,
  einsum: {
    macs: einsumProducts,
    // One operand is only transposed or summed up.
    otherOps: ({ operands }, { input, output }) => (operands < 2 && input !== output ? input : 0),
  },
  recurrent: { macs: recurrentProducts, otherOps: recurrentOps },
  attention: {
    macs: attentionProducts,
    otherOps: ({ batch, heads, queryLength, keyLength }) =>
      multiply(SOFTMAX_OPS, product([batch, heads, queryLength, keyLength])),
  },
  pool: {
    macs: none,
    otherOps: ({ window, mode }, { output }) => {
      const [each, once] = WINDOW_OPS[mode];
      return multiply(add(multiply(each, window), once), output);
    },
  },
  norm: elementRule,
  activation: elementRule,
  elementwise: elementRule,
  reduce: { macs: none, otherOps: perInput },
  softmax: { macs: none, otherOps: perOutput(SOFTMAX_OPS) },
  resize: { macs: none, otherOps: perOutput(RESIZE_OPS) },
  quantize: { macs: none, otherOps: perOutput(QUANTIZE_OPS) },
  // Comparisons of a sort of all elements: an upper bound, since the kind does not tell along which axis.
  sort: { macs: none, otherOps: (_, { input }) => ifNumbers([input], (n) => n * Math.ceil(Math.log2(Math.max(n, 1)))) },
  random: { macs: none, otherOps: perOutput(1) },
  gather: movesOnly,
  reshape: movesOnly,
  "data-movement": movesOnly,
  control: movesOnly,
  constant: movesOnly,
  shape: movesOnly,
  free: movesOnly,
};

export interface MacCount {
  /** Products to be summed; none for an operator without a rule. */
  readonly terms: readonly Product[];
  /** null when a size is symbolic or the operator has no rule. */
  readonly total: number | null;
}

/** MACs of one run. */
export function macsOf(operation: Operation): MacCount {
  if (operation.kind === "unknown") return { terms: [], total: null };
  const terms = macTerms(operation.kind, geometryOf(operation));
  return { terms, total: known(valueOf(terms)) };
}

/** Other operations of one run; null when unknown. */
export function otherOpsOf(operation: Operation, sizes: LayerSizes): number | null {
  return operation.kind === "unknown" ? null : known(otherOps(operation.kind, geometryOf(operation), sizes));
}

function macTerms<Kind extends KnownKind>(kind: Kind, geometry: Geometries[Kind]): readonly Product[] {
  return RULES[kind].macs(geometry);
}

function otherOps<Kind extends KnownKind>(kind: Kind, geometry: Geometries[Kind], sizes: LayerSizes): Dimension {
  return RULES[kind].otherOps(geometry, sizes);
}

function geometryOf(operation: Operation): Geometries[LayerKind] {
  return "geometry" in operation ? operation.geometry : undefined;
}

/** Bias and fused activation, for each element of the output. */
function fusedOps({ hasBias, activation }: ConvGeometry | MatmulGeometry, { output }: LayerSizes): Dimension {
  const ofBias = hasBias ? OPERATIONS_PER_ELEMENT.bias : 0;
  const named =
    activation === undefined ? 0 : FUSED_ACTIVATION_OPS.get(activation.toLowerCase().replaceAll(/[-_]/g, ""));
  return multiply(ofBias + (named ?? OPERATIONS_PER_ELEMENT.function), output);
}

function recurrentOps({ cell, gates, directions, steps, batch, hiddenSize }: RecurrentGeometry): Dimension {
  return multiply(GATE_OPS * gates + CELL_OPS[cell], product([directions, steps, batch, hiddenSize]));
}

/** What is no count follows from sizes that no network has (a file's own attributes can say anything): nothing is known then. */
function known(count: Dimension): number | null {
  return typeof count === "number" && Number.isInteger(count) && count >= 0 ? count : null;
}
