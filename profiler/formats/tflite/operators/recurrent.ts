import type { Dimension, Shape } from "../../../model/shape.ts";
import type { Operation, RecurrentGeometry } from "../../../operators/operation.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { Description, OperatorRule } from "../../../operators/operator-rule.ts";
import { add, quotient, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { ofRank, outputType, type Rules } from "./common.ts";

/** A sequence laid out time first or batch first; a single step has no time axis. */
interface Sequence {
  readonly steps: Dimension;
  readonly batch: Dimension;
  readonly inputSize: Dimension;
  /** The input's shape with another last size. */
  readonly withLast: (size: Dimension) => Shape;
}

function sequenceOf(shape: Shape, isTimeMajor: boolean): Sequence {
  const [first = UNKNOWN_SIZE, second = UNKNOWN_SIZE] = shape;
  const inputSize = shape.at(-1) ?? UNKNOWN_SIZE;
  const withLast = (size: Dimension): Shape => [...shape.slice(0, -1), size];
  if (shape.length === 2) return { steps: 1, batch: first, inputSize, withLast };
  ofRank(shape, 3);
  return { steps: isTimeMajor ? first : second, batch: isTimeMajor ? second : first, inputSize, withLast };
}

const row = (view: NodeView, index: number): Dimension => view.shape(index)?.[0] ?? UNKNOWN_SIZE;
const column = (view: NodeView, index: number): Dimension => view.shape(index)?.[1] ?? UNKNOWN_SIZE;

/** Inputs of one direction of an LSTM, by their places; each gate has weights of its own, in the order input, forget, cell, output. */
interface LstmInputs {
  readonly inputGate: number;
  /** Input weights of the output gate, which every LSTM has: cells × inputs. */
  readonly outputGate: number;
  /** Recurrent weights of the output gate: cells × outputs. */
  readonly recurrent: number;
  readonly projection: number;
}

const FORWARD: LstmInputs = { inputGate: 1, outputGate: 4, recurrent: 8, projection: 16 };
/** The backward direction of the bidirectional LSTM, behind the forward one's 17 inputs. */
const BACKWARD: LstmInputs = { inputGate: 18, outputGate: 21, recurrent: 25, projection: 33 };

/** Without weights for the input gate it is one minus the forget gate (CIFG). */
function lstmGeometry(view: NodeView, sequence: Sequence, inputs: LstmInputs, directions: number): RecurrentGeometry {
  return {
    cell: "lstm",
    gates: view.has(inputs.inputGate) ? 4 : 3,
    directions,
    steps: sequence.steps,
    batch: sequence.batch,
    inputSize: sequence.inputSize,
    hiddenSize: row(view, inputs.outputGate),
    ...(view.has(inputs.projection) && { projectionSize: row(view, inputs.projection) }),
  };
}

const UNIDIRECTIONAL_LSTM: OperatorRule = { describe: unidirectionalLstm };

function unidirectionalLstm(view: NodeView): Description {
  const sequence = sequenceAt(view, view.flag("time_major"));
  return {
    outputs: [inferredType(outputType(view), sequence?.withLast(column(view, FORWARD.recurrent)))],
    operation: recurrent(sequence && lstmGeometry(view, sequence, FORWARD, 1)),
  };
}

/** Of the input, where its rank is known. */
function sequenceAt(view: NodeView, isTimeMajor: boolean): Sequence | undefined {
  const shape = view.shape(0);
  return shape && sequenceOf(shape, isTimeMajor);
}

function recurrent(geometry: RecurrentGeometry | undefined): Operation {
  return geometry ? { kind: "recurrent", geometry } : { kind: "unknown" };
}

/** Both directions side by side in one output, or one output each. */
function bothDirections(view: NodeView, sequence: Sequence | undefined, forward: Dimension, backward: Dimension) {
  const type = outputType(view);
  if (sequence === undefined) return [inferredType(type, undefined), inferredType(type, undefined)];
  if (view.flag("merge_outputs")) return [inferredType(type, sequence.withLast(add(forward, backward)))];
  return [inferredType(type, sequence.withLast(forward)), inferredType(type, sequence.withLast(backward))];
}

const BIDIRECTIONAL_LSTM: OperatorRule = {
  describe: (view) => {
    const sequence = sequenceAt(view, view.flag("time_major", true));
    return {
      outputs: bothDirections(view, sequence, column(view, FORWARD.recurrent), column(view, BACKWARD.recurrent)),
      operation: recurrent(sequence && lstmGeometry(view, sequence, FORWARD, 2)),
    };
  },
};

/** One step. The basic kernel has one matrix for all gates over input and output together: 4 · cells × (inputs + cells). */
const LSTM: OperatorRule = {
  describe: (view) => {
    const shape = ofRank(view.shape(0), 2);
    if (!isBasicKernel(view)) return unidirectionalLstm(view);
    const cells = quotient([row(view, 2)], [4]);
    const [batch = UNKNOWN_SIZE, inputSize = UNKNOWN_SIZE] = shape ?? [];
    const sizes = { steps: 1, batch, inputSize, hiddenSize: cells };
    return {
      // Output, new cell state, then two workspaces: input and output together, and the four gates.
      outputs: [
        inferredType(view.dataType(0), [batch, cells]),
        inferredType(outputType(view, 1), [batch, cells]),
        inferredType(outputType(view, 2), [batch, column(view, 2)]),
        inferredType(outputType(view, 3), [batch, row(view, 2)]),
      ],
      operation: recurrent(shape && { cell: "lstm", gates: 4, directions: 1, ...sizes }),
    };
  },
};

const isBasicKernel = (view: NodeView): boolean => view.text("kernel_type") === "BASIC";

function rnn(isTimeMajor: (view: NodeView) => boolean): OperatorRule {
  return {
    describe: (view) => {
      const sequence = sequenceAt(view, isTimeMajor(view));
      return {
        outputs: [inferredType(outputType(view), sequence?.withLast(row(view, 1)))],
        operation: recurrent(sequence && rnnGeometry(view, sequence, 1)),
      };
    },
  };
}

function rnnGeometry(view: NodeView, { steps, batch, inputSize }: Sequence, directions: number): RecurrentGeometry {
  return { cell: "rnn", gates: 1, directions, steps, batch, inputSize, hiddenSize: row(view, 1) };
}

/** Input weights of the backward direction, behind input and the forward one's weights, recurrent weights, bias and state. */
const BACKWARD_RNN_WEIGHTS = 5;

const BIDIRECTIONAL_RNN: OperatorRule = {
  describe: (view) => {
    const sequence = sequenceAt(view, view.flag("time_major"));
    return {
      outputs: bothDirections(view, sequence, row(view, 1), row(view, BACKWARD_RNN_WEIGHTS)),
      operation: recurrent(sequence && rnnGeometry(view, sequence, 2)),
    };
  },
};

/** Filters over features (filters × inputs), then over time (filters × memory); `rank` filters are summed to one unit. */
const SVDF: OperatorRule = {
  describe: (view) => {
    const shape = ofRank(view.shape(0), 2);
    const [batch = UNKNOWN_SIZE, inputSize = UNKNOWN_SIZE] = shape ?? [];
    const sizes = { steps: 1, batch, inputSize, hiddenSize: row(view, 1), projectionSize: column(view, 2) };
    return {
      outputs: [inferredType(outputType(view), [batch, quotient([row(view, 1)], [view.int("rank", 1)])])],
      operation: recurrent(shape && { cell: "svdf", gates: 1, directions: 1, ...sizes }),
    };
  },
};

export const RECURRENT: Rules = {
  UNIDIRECTIONAL_SEQUENCE_LSTM: UNIDIRECTIONAL_LSTM,
  BIDIRECTIONAL_SEQUENCE_LSTM: BIDIRECTIONAL_LSTM,
  LSTM,
  RNN: rnn(() => false),
  UNIDIRECTIONAL_SEQUENCE_RNN: rnn((view) => view.flag("time_major")),
  BIDIRECTIONAL_SEQUENCE_RNN: BIDIRECTIONAL_RNN,
  SVDF,
};
