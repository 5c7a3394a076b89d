import type { Lifted } from "./adapter.ts";
import type { Activation } from "../operators/operation.ts";
import type { ReduceForm, UnaryFunction } from "./forms.ts";
import { NotLiftable, type NativeLayer } from "./native-layer.ts";

/** A function of each element, as its rule describes it. @throws {NotLiftable} */
export function liftActivation(layer: NativeLayer): Lifted {
  const { activation } = layer.operation("activation").geometry;
  if (activation === undefined) throw new NotLiftable("its bounds are computed while the model runs");
  return layer.lifted({ kind: "activation", ...activation });
}

/** PReLU, whose slopes are the second input. */
export function liftPRelu(layer: NativeLayer): Lifted {
  return layer.lifted({ kind: "activation", fn: "pRelu", slopes: layer.weights(1) });
}

/**
 * Two operands, one of them a constant or none, as the rule describes it.
 * @param activation fused
 * @throws {NotLiftable}
 */
export function liftElementwise(layer: NativeLayer, activation?: Activation): Lifted {
  const { fn } = layer.operation("elementwise").geometry;
  if (fn === undefined) throw new NotLiftable("what it computes of its operands is not known");
  const position = [0, 1].find((operand) => layer.isConstant(operand));
  const common = { kind: "elementwise", fn, activation } as const;
  if (position === undefined) return layer.lifted({ ...common, constant: undefined, isConstantFirst: false }, [0, 1]);
  const constant = layer.weights(position);
  return layer.lifted({ ...common, constant, isConstantFirst: position === 0 }, [1 - position]);
}

/** @throws {NotLiftable} */
export function liftSoftmax(layer: NativeLayer): Lifted {
  const { settings } = layer.operation("softmax");
  if (settings === undefined) throw new NotLiftable("the rank of its input is unknown");
  return layer.lifted({ kind: "softmax", ...settings });
}

/** A function of each element alone that is no activation. */
export function liftUnary(layer: NativeLayer): Lifted {
  return layer.lifted({ kind: "unary", fn: undefined });
}

/** The same numbers as other integers, or between integers and floats. */
export function liftRecoded(layer: NativeLayer): Lifted {
  return layer.lifted({ kind: "unary", fn: "recoded" });
}

export function unaryLift(fn: UnaryFunction): (layer: NativeLayer) => Lifted {
  return (layer) => layer.lifted({ kind: "unary", fn });
}

/** One number of all along some axes. @param given all axes when empty */
export function liftReduce(
  layer: NativeLayer,
  fn: ReduceForm["fn"],
  given: readonly number[],
  keepsAxes: boolean,
): Lifted {
  const all = layer.shape().map((_, axis) => axis);
  const axes = given.length === 0 ? all : [...new Set(given.map((axis) => layer.axis(axis)))].toSorted((a, b) => a - b);
  return layer.lifted({ kind: "reduce", fn, axes, keepsAxes });
}

export function liftIdentity(layer: NativeLayer): Lifted {
  return layer.lifted({ kind: "identity" });
}
