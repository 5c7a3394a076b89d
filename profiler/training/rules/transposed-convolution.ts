import type { ConvTransposeForm, TransposedWindow } from "../../neutral/forms.ts";
import type { Tape, Value } from "../tape.ts";
import { activated } from "./activation.ts";
import { weightGradient } from "./convolution.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";
import { otherAxes, summed } from "./sums.ts";
import { spanOf } from "./window.ts";

/**
 * The gradient of a convolution's input, forwards: so its own input's gradient is that convolution, and its weight's is that of the
 * convolution with input and gradient in each other's place.
 * @param weight inputs × outputs/groups × kernel…
 */
function transposedConvolution(
  tape: Tape,
  x: Value,
  weight: Value,
  bias: Value | undefined,
  { groups, ...window }: TransposedWindow & { readonly groups: number },
): Value {
  const { graph } = tape;
  const [batch = 1, , ...sizes] = x.shape;
  const [, perGroup = 1, ...kernel] = weight.shape;
  const { strides, dilations, padsBegin, padsEnd, outputPadding } = window;
  const outputs = sizes.map((size, axis) => {
    const reached = (size - 1) * (strides[axis] ?? 1) + spanOf({ ...window, kernel }, axis);
    return reached + (outputPadding[axis] ?? 0) - (padsBegin[axis] ?? 0) - (padsEnd[axis] ?? 0);
  });
  if (outputs.some((size) => size < 1)) throw new NoGradient("it cuts off more than it makes");
  const shape = [batch, perGroup * groups, ...outputs];
  const attributes = { kernel_shape: kernel, strides, dilations, pads: [...padsBegin, ...padsEnd], group: groups };
  const operands = [x, weight, ...(bias ? [bias] : [])];
  const y = graph.node("ConvTranspose", operands, shape, { ...attributes, output_padding: outputPadding });
  const conv = { groups, kernel, strides, dilations, padsBegin, padsEnd };
  return tape.record(y, operands, (gradient) => [
    // Elements at the end that no window reaches are none to the convolution either: its last window ends before them.
    x.isTrained ? graph.node("Conv", [gradient, weight], x.shape, attributes) : undefined,
    weight.isTrained ? weightGradient(tape, x, gradient, weight, conv) : undefined,
    bias?.isTrained === true ? summed(graph, gradient, otherAxes(shape)) : undefined,
  ]);
}

export const TRANSPOSED_CONVOLUTION_RULES: GradientRules = {
  "conv-transpose": (form: ConvTransposeForm, inputs, { tape, weights }) => {
    const { window, groups, activation } = form;
    if (window === undefined)
      throw new NoGradient("how large its output is depends on a size that only the run can tell");
    const weight = weights("weight", form.weight);
    const bias = form.bias && weights("bias", form.bias);
    const y = transposedConvolution(tape, onlyInput(inputs), weight, bias, { ...window, groups });
    return [activated(tape, y, activation)];
  },
};
