import type { Parts } from "../../profiler/profile.ts";

/** Of a file that holds one graph. */
export const ONLY_PART: Parts = {
  part: null,
  models: [],
  model: null,
  entries: [{ name: "main", subgraph: 0, signatures: [], body: null }],
  entry: "main",
  refusal: null,
};
