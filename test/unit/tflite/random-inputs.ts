import type { Session } from "../../../profiler/runtime/session.ts";
import type { NamedTensors } from "../../../profiler/tensors/numeric-tensor.ts";

/** Numbers between -0.5 and 0.5, the same each time, for a session whose inputs are floats of known sizes. */
export function randomInputs({ inputs }: Session): NamedTensors {
  let seed = 1;
  const next = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647 - 0.5;
  return Object.fromEntries(
    inputs.map(({ name, shape }) => {
      const sizes = shape.map((size) => (typeof size === "number" ? size : 1));
      const elements = sizes.reduce((product, size) => product * size, 1);
      return [
        name,
        { dataType: "float32" as const, shape: sizes, data: Float32Array.from({ length: elements }, next) },
      ];
    }),
  );
}
