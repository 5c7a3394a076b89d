import type { InferredNode } from "../../../operators/infer.ts";
import type { Quantized } from "./quantized-graph.ts";

/** Limits of the integers that a redundant Relu or Clip cuts to anyhow. */
const LIMITS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

/** Whether a Relu or a Clip cuts nothing that quantizing its result does not cut anyhow. */
export function isRedundantCut({ node, view }: InferredNode, quantized: Quantized | undefined): boolean {
  const { scheme, dataType } = quantized ?? {};
  const limits = dataType && LIMITS[dataType];
  if (!scheme || !limits) return false;
  const [least, most] = limits;
  if (node.op === "Relu") return scheme.zeroPoint === least;
  const bound = (name: string, position: number, open: number): number | undefined => {
    const attribute = view.attribute(name);
    if (typeof attribute === "number") return attribute;
    return view.has(position) ? view.number(position) : open;
  };
  const [low, high] = [bound("min", 1, -Infinity), bound("max", 2, Infinity)];
  if (low === undefined || high === undefined) return false;
  const { scale, zeroPoint } = scheme;
  return Math.round(low / scale) + zeroPoint <= least && Math.round(high / scale) + zeroPoint >= most;
}
