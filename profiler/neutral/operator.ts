import type { InferredNode } from "../operators/infer.ts";
import type { OperatorRule } from "../operators/operator-rule.ts";
import type { ConstantType, Lifted } from "./adapter.ts";
import type { FormKind, FormOf } from "./forms.ts";
import type { Weights } from "./weights.ts";
import type { NativeLayer } from "./native-layer.ts";

/** All that a format says of one native operator: what inference and costing ask, and what editing asks where it is restructured. */
export type Operator<Layer = NativeLayer> = OperatorRule & Editing<Layer>;

export type Operators<Layer = NativeLayer> = Readonly<Record<string, Operator<Layer>>>;

interface Editing<Layer> {
  /** The editable form: the operation that the rule describes, and its weights. @throws {NotLiftable} with the reason why it is none */
  readonly lift?: (layer: Layer) => Lifted;
  /** The form that `lift` makes of it: said with the reason where it is none. */
  readonly form?: FormKind;
  /** See `FormatAdapter.fold`. */
  readonly fold?: Fold;
}

/** @param input numbers of the first input, or of another */
export type Fold = (
  node: InferredNode,
  type: ConstantType,
  input: (position?: number) => Weights | undefined,
) => Weights | undefined;

/** How forms are written by a format's operators. @throws {LoweringError} when the model's operators cannot say it */
export type Lowering<Writer> = {
  readonly [Kind in FormKind]?: (form: FormOf<Kind>, writer: Writer) => Promise<void> | void;
};
