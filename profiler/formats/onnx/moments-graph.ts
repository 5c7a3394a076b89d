import { flag, floatGraph, gemm } from "./float-graph.ts";

/**
 * A model of what rows of a layer's inputs come to together: `now` (A), `before` (B) where they are not the same, and `weights` (W) give
 * `gram` (Aᵀ·A), `energy` (the sum of the squared elements of B·Wᵀ) and `pulls` (Aᵀ·(B − A)·Wᵀ).
 */
export function momentsGraph(hasBefore: boolean): Uint8Array {
  const outputsOf = (rows: string, outputs: string): ReturnType<typeof gemm> =>
    gemm([rows, "weights"], outputs, { transposeB: true });
  const energyOf = (outputs: string): ReturnType<typeof gemm> => ({
    opType: "ReduceSumSquare",
    input: [outputs],
    output: ["energy"],
    attribute: [flag("keepdims", false)],
  });
  const gram = gemm(["now", "now"], "gram", { transposeA: true });
  if (!hasBefore)
    return floatGraph(
      "moments",
      [gram, outputsOf("now", "reached"), energyOf("reached")],
      ["now", "weights"],
      ["gram", "energy"],
    );
  const nodes = [
    gram,
    outputsOf("now", "reached"),
    outputsOf("before", "wanted"),
    energyOf("wanted"),
    { opType: "Sub", input: ["wanted", "reached"], output: ["missing"] },
    gemm(["now", "missing"], "pulls", { transposeA: true }),
  ];
  return floatGraph("moments", nodes, ["now", "before", "weights"], ["gram", "energy", "pulls"]);
}
