import type { RecurrentGeometry } from "../../../operators/operation.ts";
import type { Dimension } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { RecurrentForm as RecurrentLayer } from "../../../neutral/forms.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import type { NativeLayer } from "../../../neutral/native-layer.ts";
import type { Lowering, Operators } from "../../../neutral/operator.ts";
import type { NodeWriter } from "../restructure/node-writer.ts";
import { floorDivide, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";

/** Outputs Y (every step), Y_h (the last hidden state) and, of an LSTM, Y_c (its cell state). */
export interface RecurrentForm {
  readonly cell: "rnn" | "gru" | "lstm";
  readonly gates: number;
  /** Position of the sequence lengths and of whatever else only says how to compute. */
  readonly configuration: readonly number[];
  /** Weights have gates × hidden as their last axis, not the one before it. */
  readonly hasGatesLast?: true;
}

/**
 * Rule of RNN, GRU and LSTM: X [steps, batch, input], or with `layout` 1 [batch, steps, input]; W [directions, gates·hidden, input].
 * Source: ONNX, LSTM.
 */
export function recurrent(form: RecurrentForm): OperatorRule {
  return {
    describe: (view) => {
      const dataType = view.dataType(0);
      const isBatchFirst = view.int("layout", 0) === 1;
      const { steps, batch, directions, hiddenSize } = solve(view, form);
      const every = isBatchFirst ? [batch, steps, directions, hiddenSize] : [steps, directions, batch, hiddenSize];
      const last = isBatchFirst ? [batch, directions, hiddenSize] : [directions, batch, hiddenSize];
      const state = { dataType, shape: last };
      return {
        outputs: [{ dataType, shape: every }, state, ...(form.cell === "lstm" ? [state] : [])],
        operation: { kind: "recurrent", geometry: solve(view, form) },
      };
    },
    configuration: form.configuration,
    mixesAlong: (view) => [view.int("layout", 0) === 1 ? 1 : 0],
  };
}

function solve(view: NodeView, { cell, gates, hasGatesLast }: RecurrentForm): RecurrentGeometry {
  const input = view.shape(0);
  const weight = view.shape(1);
  const isBatchFirst = view.int("layout", 0) === 1;
  const byGates: Dimension | undefined = hasGatesLast ? weight?.[2] : weight?.[1];
  return {
    cell,
    gates,
    directions: view.text("direction", "forward") === "bidirectional" ? 2 : 1,
    steps: input?.[isBatchFirst ? 1 : 0] ?? UNKNOWN_SIZE,
    batch: input?.[isBatchFirst ? 0 : 1] ?? UNKNOWN_SIZE,
    inputSize: input?.[2] ?? UNKNOWN_SIZE,
    hiddenSize: view.int("hidden_size") ?? (byGates === undefined ? UNKNOWN_SIZE : floorDivide(byGates, gates)),
  };
}

/** X and W, and what else is given when the model runs: lengths and states to start from. */
function liftRecurrent(layer: NativeLayer): Lifted {
  const { view } = layer;
  const others = [...view.inputs.keys()].filter((place) => place > 1 && view.has(place) && !layer.isConstant(place));
  return layer.lifted({ kind: "recurrent", weight: layer.weights(1) }, [0, ...others]);
}

/** As it was, with other weights for its input. */
async function writeRecurrent({ weight }: RecurrentLayer, writer: NodeWriter): Promise<void> {
  const { node } = writer.layer.before ?? {};
  if (node === undefined) throw new LoweringError(`${writer.layer.name}: a recurrent layer cannot be made anew`);
  const inputs = [writer.input, await writer.weights("weight", weight), ...node.inputs.slice(2)];
  writer.node(node.op, inputs, Object.fromEntries(node.attributes));
}

export const WRITE_RECURRENT: Lowering<NodeWriter> = { recurrent: writeRecurrent };

export const RECURRENT: Operators = {
  RNN: { ...recurrent({ cell: "rnn", gates: 1, configuration: [4] }), lift: liftRecurrent },
  GRU: { ...recurrent({ cell: "gru", gates: 3, configuration: [4] }), lift: liftRecurrent },
  LSTM: { ...recurrent({ cell: "lstm", gates: 4, configuration: [4] }), lift: liftRecurrent },
};
