import { formatShape } from "../../profiler/format-numbers.ts";
import type { LayerProfile } from "../../profiler/profile.ts";

/** Rows a runtime does not compute in each inference: sizes, and constants that it computes once, when it loads. */
export function isFolded({ role }: LayerProfile): boolean {
  return role !== "compute";
}

/** The rows that hold every word of the text in their name, operator, kind, module, shape or notes; case does not matter. */
export function filterLayers(layers: readonly LayerProfile[], text: string): readonly LayerProfile[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return layers;
  return layers.filter((layer) => {
    const searched = searchedText(layer);
    return words.every((word) => searched.includes(word));
  });
}

function searchedText({ name, op, kind, path, outputs, notes }: LayerProfile): string {
  const shapes = outputs.map(({ shape }) => formatShape(shape));
  // An x typed for × finds shapes too.
  return [name, op, kind, path.join("/"), ...shapes, ...shapes.map((shape) => shape.replaceAll("×", "x")), ...notes]
    .join("\n")
    .toLowerCase();
}
