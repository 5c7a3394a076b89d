import { Random } from "../../profiler/numeric/random.ts";
import { graph, node, onnxModel, tensor, value } from "./onnx-builder.ts";

/**
 * Dense layers of these widths with ReLUs between: every channel counts, so that what is taken away is missed.
 * @param scaleOf scale of the weights of a layer with so many inputs @param shift that of biases
 */
export function denseNet(widths: readonly number[], scaleOf: (inputs: number) => number, shift: number): Uint8Array {
  const random = new Random(3);
  const draw = (count: number, scale: number): readonly number[] =>
    Array.from({ length: count }, () => scale * random.normal());
  const layers = widths.slice(1).map((width, at) => ({ at, width, from: widths[at] ?? 0 }));
  const nodes = layers.flatMap(({ at }) => {
    const isLast = at === layers.length - 1;
    const inputs = [at === 0 ? "x" : `r${at - 1}`, `w${at}`, `b${at}`];
    const gemm = node("Gemm", inputs, [isLast ? "y" : `g${at}`], { transB: 1 }, { name: `l${at}` });
    return isLast ? [gemm] : [gemm, node("Relu", [`g${at}`], [`r${at}`])];
  });
  const initializers = layers.flatMap(({ at, width, from }) => [
    tensor(`w${at}`, "float32", [width, from], draw(width * from, scaleOf(from))),
    tensor(`b${at}`, "float32", [width], draw(width, shift)),
  ]);
  const inputs = [value("x", "float32", ["n", widths[0] ?? 1])];
  return onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers }) });
}
