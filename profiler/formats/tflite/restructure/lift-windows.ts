import type { FormOf, Sampling } from "../../../neutral/forms.ts";
import { NotLiftable } from "../../../neutral/native-layer.ts";
import type { Lift } from "./lift-rule.ts";
import type { TfliteLayer } from "./tflite-layer.ts";

/** Height and width; batch and channels stay. */
function resize(mode: Sampling["mode"]): Lift {
  return (layer) => {
    if (layer.shape().length !== 4) throw new NotLiftable("its input is no image");
    const sizes = layer.isConstant(1) ? layer.view.numbers(1) : undefined;
    return layer.lifted({ kind: "resize", to: sizes && { sizes }, sampling: { mode, ...samplingOf(layer) } });
  };
}

/** Source: TFLite's reference kernels, resize_bilinear.h and resize_nearest_neighbor.h. */
function samplingOf({ view }: TfliteLayer): Omit<Sampling, "mode"> {
  if (view.flag("align_corners")) return { coordinates: "align-corners", rounding: "half-up" };
  if (view.flag("half_pixel_centers")) return { coordinates: "half-pixel", rounding: "half-up" };
  return { coordinates: "asymmetric", rounding: "floor" };
}

/** @param mode how PAD and PADV2 fill what they add, and MIRROR_PAD by its option */
function pad(modeOf: (layer: TfliteLayer) => FormOf<"pad">["mode"]): Lift {
  return (layer) => {
    const pairs = constants(layer, 1, "pads");
    const side = (offset: number): readonly number[] => layer.shape().map((_, axis) => pairs[2 * axis + offset] ?? 0);
    return layer.lifted({ kind: "pad", mode: modeOf(layer), begin: side(0), end: side(1), value: fillingOf(layer) });
  };
}

/** A quantized PAD fills with its zero point, which stands for 0. */
function fillingOf(layer: TfliteLayer): number {
  if (!layer.view.has(2)) return 0;
  const value = layer.view.number(2);
  const quantization = layer.weights(2).quantization;
  if (value === undefined) throw new NotLiftable("what it pads with is no single number");
  const [zeroPoint = 0] = quantization?.zeroPoints ?? [];
  const [scale = 1] = quantization?.scales ?? [];
  return (value - zeroPoint) * scale;
}

function mirrorMode({ view }: TfliteLayer): "reflect" {
  if (view.text("mode", "REFLECT") === "REFLECT") return "reflect";
  throw new NotLiftable("it repeats the border as it mirrors");
}

/** @throws {NotLiftable} when they are computed while the model runs */
export function constants(layer: TfliteLayer, position: number, what: string): readonly number[] {
  const numbers = layer.view.numbers(position);
  if (numbers === undefined) throw new NotLiftable(`its ${what} are computed while the model runs`);
  return numbers;
}

export const LIFT_WINDOWS: Readonly<Record<string, Lift>> = {
  RESIZE_BILINEAR: resize("linear"),
  RESIZE_NEAREST_NEIGHBOR: resize("nearest"),
  PAD: pad(() => "constant"),
  PADV2: pad(() => "constant"),
  MIRROR_PAD: pad(mirrorMode),
};
