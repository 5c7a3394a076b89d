import { bitsOf, isFloat } from "../../../model/data-type.ts";
import type { Activation } from "../../../operators/operation.ts";
import type { Weights } from "../../../neutral/weights.ts";
import { NativeLayer, NotLiftable } from "../../../neutral/native-layer.ts";
import { fusedActivationOf } from "./fused-activation.ts";

/** Narrower integers are packed: they are not written again. */
const FEWEST_BITS = 8;

/** An operator as lifting looks at it: TFLite's weights may be quantized, and its operators have fused activations. */
export class TfliteLayer extends NativeLayer {
  /** @throws {NotLiftable} when it is no constant of real numbers */
  override weights(position: number): Weights {
    const weights = this.scope.constant(this.id(position));
    if (weights === undefined) {
      const isStored = this.view.input(position).constant !== undefined;
      throw new NotLiftable(
        isStored ? "its weights are computed in ways that are not followed" : "its weights are not constants",
      );
    }
    const { dataType, quantization } = weights;
    if (isFloat(dataType)) return weights;
    if (quantization === undefined) throw new NotLiftable("its weights are integers without a scale");
    if (quantization.granularity === "block") throw new NotLiftable("its weights are quantized in blocks");
    if ((bitsOf(dataType) ?? 0) < FEWEST_BITS)
      throw new NotLiftable(`its weights are ${dataType}, which is not written`);
    return weights;
  }

  /** @throws {NotLiftable} when they are computed while the model runs */
  constants(position: number, what: string): readonly number[] {
    const numbers = this.view.numbers(position);
    if (numbers === undefined) throw new NotLiftable(`its ${what} are computed while the model runs`);
    return numbers;
  }

  /** @throws {NotLiftable} for one that runtimes do not compute alike */
  fused(): Activation | undefined {
    const name = this.view.text("fused_activation_function", "NONE");
    if (name === "NONE") return undefined;
    const activation = fusedActivationOf(name);
    if (activation === undefined) throw new NotLiftable(`runtimes do not agree on its fused ${name}`);
    return activation;
  }
}
