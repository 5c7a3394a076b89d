import fc from "fast-check";
import { f32, operand, type CaseAttribute, type Operand, type OperatorCase } from "../shape-ops/operator-case.ts";

/** Random cases of operators that slide a window: convolutions and pools. */

export const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
export const flag = int(0, 1);

/** Small numbers of either sign, so that quantized and float kernels alike stay in range. */
export function filled(dataType: Operand["dataType"], shape: readonly number[]): Operand {
  const count = shape.reduce((product, size) => product * size, 1);
  return operand(
    dataType,
    shape,
    Array.from({ length: count }, (_, index) => index % 7),
  );
}

type Attributes = Readonly<Record<string, CaseAttribute>>;

interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
  readonly end: number;
}

const axis: fc.Arbitrary<Axis> = fc.record({
  size: int(4, 13),
  kernel: int(1, 4),
  stride: int(1, 4),
  dilation: int(1, 2),
  begin: int(0, 2),
  end: int(0, 2),
});

const autoPad = fc.constantFrom("NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID");

interface Window {
  readonly axes: readonly Axis[];
  readonly autoPad: string;
}

function windowOf(maxAxes: number): fc.Arbitrary<Window> {
  return fc.record({ axes: fc.array(axis, { minLength: 1, maxLength: maxAxes }), autoPad });
}

function attributesOf({ axes, autoPad: pad }: Window, { keepsDilation = true } = {}): Attributes {
  const of = (key: keyof Axis) => axes.map((one) => one[key]);
  return {
    kernel_shape: of("kernel"),
    strides: of("stride"),
    ...(keepsDilation && { dilations: of("dilation") }),
    ...(pad === "NOTSET" ? { pads: [...of("begin"), ...of("end")] } : { auto_pad: pad }),
  };
}

const sizes = ({ axes }: Window): readonly number[] => axes.map(({ size }) => size);
const kernels = ({ axes }: Window): readonly number[] => axes.map(({ kernel }) => kernel);
/** ONNX Runtime refuses "same" padding of a convolution with holes. */
const isSame = ({ autoPad: pad }: Window): boolean => pad.startsWith("SAME");

/** The padding of a pool is smaller than its window: the runtimes demand it. */
function poolWindow(window: Window): Window {
  return {
    ...window,
    axes: window.axes.map((one) => ({
      ...one,
      begin: Math.min(one.begin, one.kernel - 1),
      end: Math.min(one.end, one.kernel - 1),
    })),
  };
}

export const CONVOLUTIONS: fc.Arbitrary<OperatorCase> = fc
  .record({ window: windowOf(3), groups: int(1, 3), input: int(1, 2), output: int(1, 2), hasBias: fc.boolean() })
  .map(({ window, groups, input, output, hasBias }) => ({
    op: "Conv",
    inputs: [
      f32([2, input * groups, ...sizes(window)]),
      f32([output * groups, input, ...kernels(window)]),
      ...(hasBias ? [f32([output * groups])] : []),
    ],
    attributes: { ...attributesOf(window, { keepsDilation: !isSame(window) }), group: groups },
  }));

export const TRANSPOSED_CONVOLUTIONS: fc.Arbitrary<OperatorCase> = fc
  .record({
    window: windowOf(2),
    groups: int(1, 2),
    output: int(1, 2),
    extra: fc.array(int(0, 3), { minLength: 3, maxLength: 3 }),
    asksShape: fc.boolean(),
    opset: fc.constantFrom(8, 11, 22),
  })
  .map(({ window, groups, output, extra, asksShape, opset }) => ({
    op: "ConvTranspose",
    opset,
    inputs: [f32([1, 2 * groups, ...sizes(window)]), f32([2 * groups, output, ...kernels(window)])],
    attributes: {
      ...attributesOf(window),
      group: groups,
      // Smaller than the stride or the dilation, as the specification demands.
      output_padding: window.axes.map(({ stride }, place) => Math.min(extra[place] ?? 0, stride - 1)),
      ...(asksShape && {
        output_shape: window.axes.map(({ size, stride }, place) => size * stride + (extra[place] ?? 0)),
      }),
    },
  }));

export const POOLS: fc.Arbitrary<OperatorCase> = fc
  .record({
    op: fc.constantFrom("MaxPool", "AveragePool", "LpPool"),
    window: windowOf(3),
    ceilMode: flag,
    opset: fc.constantFrom(8, 10, 11, 12, 19, 22),
    hasIndices: fc.boolean(),
    storageOrder: flag,
  })
  .map(({ op, window, ceilMode, opset, hasIndices, storageOrder }) => {
    const first = { MaxPool: 10, AveragePool: 19, LpPool: 18 }[op];
    const ceil = { MaxPool: 10, AveragePool: 10, LpPool: 18 }[op];
    const isMax = op === "MaxPool";
    return {
      op,
      opset,
      inputs: [f32([1, 2, ...sizes(window)])],
      attributes: {
        ...attributesOf(poolWindow(window), { keepsDilation: opset >= first }),
        ...(opset >= ceil && { ceil_mode: ceilMode }),
        ...(isMax && { storage_order: storageOrder }),
      },
      outputs: isMax && hasIndices ? 2 : 1,
    };
  });

const scale = f32([1], [0.5]);
const zero = (dataType: Operand["dataType"]) => operand(dataType, [1], [3]);

const scalarScale = f32([], [0.5]);
const scalarZero = (dataType: Operand["dataType"]) => operand(dataType, [], [3]);

export const QUANTIZED_WINDOWS: fc.Arbitrary<OperatorCase> = fc
  .record({
    window: windowOf(2),
    op: fc.constantFrom("QLinearConv", "ConvInteger", "QLinearAveragePool", "NhwcMaxPool", "QLinearGlobalAveragePool"),
    channelsLast: flag,
    ceilMode: flag,
  })
  .filter(({ window }) => window.axes.length === 2)
  .map(({ window, op, channelsLast, ceilMode }): OperatorCase => {
    const isLast = channelsLast === 1;
    const pool = attributesOf(poolWindow(window), { keepsDilation: false });
    const first = [1, 4, ...sizes(window)];
    const last = [1, ...sizes(window), 4];
    const convolution = attributesOf(window, { keepsDilation: !isSame(window) });
    switch (op) {
      case "ConvInteger":
        return {
          op,
          inputs: [filled("uint8", first), filled("uint8", [3, 4, ...kernels(window)]), scalarZero("uint8")],
          attributes: convolution,
        };
      case "QLinearConv":
        return {
          op,
          ...(isLast && { domain: "com.microsoft" }),
          inputs: [
            filled("uint8", isLast ? last : first),
            scalarScale,
            scalarZero("uint8"),
            filled("uint8", [3, 4, ...kernels(window)]),
            scalarScale,
            scalarZero("uint8"),
            scalarScale,
            scalarZero("uint8"),
          ],
          attributes: { ...convolution, ...(isLast && { channels_last: 1 }) },
        };
      case "NhwcMaxPool":
        return {
          op,
          domain: "com.microsoft",
          inputs: [filled("uint8", last)],
          attributes: { ...attributesOf(poolWindow(window)), ceil_mode: ceilMode },
        };
      case "QLinearGlobalAveragePool":
        return {
          op,
          domain: "com.microsoft",
          inputs: [
            filled("uint8", isLast ? last : first),
            scalarScale,
            scalarZero("uint8"),
            scalarScale,
            scalarZero("uint8"),
          ],
          attributes: { channels_last: channelsLast },
        };
      default:
        return {
          op,
          domain: "com.microsoft",
          inputs: [filled("uint8", isLast ? last : first), scale, zero("uint8"), scale, zero("uint8")],
          attributes: { ...pool, ceil_mode: ceilMode, channels_last: channelsLast },
        };
    }
  });
