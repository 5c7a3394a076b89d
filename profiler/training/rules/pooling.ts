import type { PoolForm } from "../../neutral/forms.ts";
import { padsAt } from "../../neutral/window-forms.ts";
import { sizeOf, type GraphTensor } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { activated } from "./activation.ts";
import { mean } from "./reduction.ts";
import { onlyInput, type GradientRules } from "./rule.ts";
import { reshaped } from "./sums.ts";
import { positionsOf, wayBack, type Window } from "./window.ts";

/**
 * The gradient goes to the element that was the largest: by the indices that MaxPool gives, since comparing outputs with inputs would
 * give it several times where elements tie.
 */
function maxPool(tape: Tape, x: Value, window: Window, ceils: boolean): Value {
  const { graph } = tape;
  const [batch = 1, channels = 1, ...sizes] = x.shape;
  const shape = [batch, channels, ...positionsOf(window, sizes, ceils)];
  const [output = "", indices = ""] = graph.nodes("MaxPool", [x], 2, {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...window.padsEnd],
    ceil_mode: ceils ? 1 : 0,
  });
  return tape.record({ name: output, shape }, [x], (gradient) => {
    const elements = sizeOf(x.shape);
    const zeros = graph.node("ConstantOfShape", [graph.setting([elements])], [elements]);
    const flat = (tensor: GraphTensor): GraphTensor =>
      graph.node("Reshape", [tensor, graph.setting([-1])], [sizeOf(shape)]);
    const overlaps = window.kernel.some(
      (size, axis) => (size - 1) * (window.dilations[axis] ?? 1) >= (window.strides[axis] ?? 1),
    );
    const scattered = graph.node(
      "ScatterElements",
      [zeros, flat({ name: indices, shape }), flat(gradient)],
      [elements],
      { axis: 0, reduction: overlaps ? "add" : "none" },
    );
    return [reshaped(graph, scattered, x.shape)];
  });
}

function averagePool(tape: Tape, x: Value, window: Window, form: PoolForm): Value {
  const { graph } = tape;
  const [batch = 1, channels = 1, ...sizes] = x.shape;
  const positions = positionsOf(window, sizes, form.ceils);
  const shape = [batch, channels, ...positions];
  const y = graph.node("AveragePool", [x], shape, {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...window.padsEnd],
    ceil_mode: form.ceils ? 1 : 0,
    count_include_pad: form.countsPadding ? 1 : 0,
  });
  return tape.record(y, [x], (gradient) => {
    const share = graph.constant([1, 1, ...positions], sharesOf(window, sizes, positions, form.countsPadding));
    const shared = graph.node("Mul", [gradient, share], shape);
    const maps = reshaped(graph, shared, [batch * channels, 1, ...positions]);
    const ones = graph.constant([1, 1, ...window.kernel], new Float32Array(sizeOf(window.kernel)).fill(1));
    const back = graph.node(
      "ConvTranspose",
      [maps, ones],
      [batch * channels, 1, ...sizes],
      wayBack(window, sizes, positions),
    );
    return [reshaped(graph, back, x.shape)];
  });
}

/** One over the elements that a window averages, position by position. */
function sharesOf(
  window: Window,
  sizes: readonly number[],
  positions: readonly number[],
  countsPadding: boolean,
): Float32Array {
  const counts = sizes.map((size, axis) => {
    const [begin, end] = [window.padsBegin[axis] ?? 0, window.padsEnd[axis] ?? 0];
    const [first, last] = countsPadding ? [-begin, size + end] : [0, size];
    return Array.from({ length: positions[axis] ?? 1 }, (_, position) => {
      const start = position * (window.strides[axis] ?? 1) - begin;
      const taps = Array.from(
        { length: window.kernel[axis] ?? 1 },
        (__, tap) => start + tap * (window.dilations[axis] ?? 1),
      );
      return taps.filter((at) => at >= first && at < last).length;
    });
  });
  let products = [1];
  for (const axis of counts) products = products.flatMap((product) => axis.map((count) => product * count));
  return Float32Array.from(products, (count) => 1 / Math.max(1, count));
}

export const POOLING_RULES: GradientRules = {
  pool: (form, inputs, { tape }) => {
    const x = onlyInput(inputs);
    const sizes = x.shape.slice(2);
    const ones = sizes.map(() => 1);
    const none = sizes.map(() => 0);
    const whole: Window = { kernel: sizes, strides: ones, dilations: ones, padsBegin: none, padsEnd: none };
    const window = form.isGlobal ? whole : { ...form, ...padsAt(form, form.kernel, sizes) };
    const isWhole =
      window.kernel.join() === sizes.join() && [...window.padsBegin, ...window.padsEnd].every((pad) => pad === 0);
    if (form.mode === "max") return [activated(tape, maxPool(tape, x, window, form.ceils), form.activation)];
    const spatial = sizes.map((_, axis) => axis + 2);
    const y = isWhole ? mean(tape, x, spatial, true) : averagePool(tape, x, window, form);
    return [activated(tape, y, form.activation)];
  },
};
