import { ownEntry } from "../../own-entry.ts";

/** What the log of `benchmark_model` says of what a delegate took; null where it does not tell. */
export interface DelegateUse {
  /** "TfLiteXNNPackDelegate", "NNAPI" */
  readonly name: string;
  /** Operators that it ran. */
  readonly nodes: number | null;
  readonly ofNodes: number | null;
  readonly partitions: number | null;
  /** Whether it ran the whole model, a part or nothing of it; null where only numbers are told, and they leave it open. */
  readonly extent: "all" | "part" | "none" | null;
}

type Reading = (groups: readonly (string | undefined)[]) => DelegateUse;

const count = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

const counted: Reading = ([, name = "", nodes, ofNodes, partitions]) => {
  const [taken, all] = [count(nodes), count(ofNodes)];
  return { name, nodes: taken, ofNodes: all, partitions: count(partitions), extent: extentOf(taken, all) };
};

const told =
  (extent: DelegateUse["extent"]): Reading =>
  ([, name = "", partitions]) => ({ name, nodes: null, ofNodes: null, partitions: count(partitions), extent });

/** Every wording that versions and vendors have, the most telling first; each holds the delegate's name as its first group. */
const WORDINGS: readonly (readonly [RegExp, Reading])[] = [
  // TFLite, since 2.10: how many there are in all. Behind it may stand of which subgraph; vendors' builds leave the parts out.
  [
    /Replacing (?<nodes>\d+) out of (?<all>\d+) node\(s\) with delegate \((?<name>[^)]*)\)(?: node(?:, yielding (?<parts>\d+) partitions?)?)?/,
    ([, nodes, all, name, parts]) => counted([, name, nodes, all, parts]),
  ],
  // TFLite before that.
  [
    /Replacing (\d+) node\(s\) with delegate \(([^)]*)\) node(?:, yielding (\d+) partitions?)?/,
    ([, nodes, name, parts]) => counted([, name, nodes, undefined, parts]),
  ],
  // Qualcomm's, and delegates that copy it.
  [
    /(\w[\w.+-]*) delegate: (\d+) nodes? delegated out of (\d+) nodes?(?: with (\d+) partitions?)?/,
    ([, name, nodes, all, parts]) => counted([, name, nodes, all, parts]),
  ],
  // benchmark_model's own word, in this order: "will not be" holds "be".
  [
    /(?:[Tt]hough|Explicitly applied) (\S+) (?:delegate )?(?:is explicitly applied|delegate), (?:and )?the model graph will not be executed by the delegate/,
    told("none"),
  ],
  [/Explicitly applied (\S+) delegate, and the model graph will be completely executed by the delegate/, told("all")],
  [
    /Explicitly applied (\S+) delegate, and the model graph will be partially executed by the delegate(?: w\/ (\d+) delegate kernels?)?/,
    told("part"),
  ],
  [/Failed to apply (\S+) delegate/, told("none")],
  [/(GPU|NNAPI|Hexagon|HEXAGON|CoreML|EXTERNAL|EdgeTPU) acceleration is unsupported on this platform/, told("none")],
  // The GPU delegate's own, of what it cannot take all of: "First 12 operations …, and the remaining 3 on the CPU." until 2.4.
  [
    /(\d+) operations? will run on the (GPU), and the remaining (\d+)(?: operations?(?: will run)?)? on the CPU/,
    ([, nodes, name, others]) => counted([, name, nodes, String(Number(nodes) + Number(others)), undefined]),
  ],
  // The GPU delegate's own: how many parts of the graph it made kernels of.
  [
    /Created (\d+) (GPU) delegate kernels?/,
    ([, kernels, name = ""]) => ({
      name,
      nodes: null,
      ofNodes: null,
      partitions: count(kernels),
      extent: kernels === "0" ? "none" : null,
    }),
  ],
];

/** @returns undefined for a line that says nothing of it */
export function delegateUseOf(line: string): DelegateUse | undefined {
  for (const [pattern, read] of WORDINGS) {
    const found = pattern.exec(line);
    if (found !== null) return read([...found]);
  }
  return undefined;
}

function extentOf(nodes: number | null, all: number | null): DelegateUse["extent"] {
  if (nodes === 0) return "none";
  if (nodes === null || all === null) return null;
  return nodes >= all ? "all" : "part";
}

/** How a log and a profile call each delegate that can be asked for. */
const NAMES: Readonly<Record<string, RegExp>> = {
  xnnpack: /xnnpack/i,
  // LiteRT 2's are called by what they run on: LITERT_CL is OpenCL.
  gpu: /gpu|opencl|opengl|vulkan|metal|ml_?drift|litert_(?:cl|gl|mtl)\b/i,
  nnapi: /nnapi/i,
  npu: /npu|dispatch|edgetpu|litert.?dispatch/i,
  qnn: /qnn|external/i,
};

function isOfDelegate(name: string, delegate: string): boolean {
  return ownEntry(NAMES, delegate)?.test(name) === true;
}

/**
 * Whether a delegate ran something of the model.
 * @param operators types of what the profile lists, without those inside of delegates; empty where there is none
 * @returns null where nothing tells
 */
export function hasRun(delegate: string, uses: readonly DelegateUse[], operators: readonly string[]): boolean | null {
  const own = uses.filter(({ name }) => isOfDelegate(name, delegate));
  if (operators.some((type) => /delegate/i.test(type) && isOfDelegate(type, delegate))) return true;
  // A delegate that could not be applied took operators before: what is told of the whole is the last word.
  if (own.some(({ extent, nodes }) => extent === "none" && nodes === null)) return false;
  if (own.some(({ extent }) => extent === "none")) return own.some(({ nodes }) => (nodes ?? 0) > 0);
  if (own.length > 0) return true;
  // Another one took it all, or the profile has operators alone.
  const isElsewhere = uses.some(({ name, extent }) => extent === "all" && !isOfDelegate(name, delegate));
  return isElsewhere || operators.length > 0 ? false : null;
}

/** "TfLiteXNNPackDelegate ran 2 of 4 operators in 1 part." */
export function describeUse({ name, nodes, ofNodes, partitions, extent }: DelegateUse): string {
  const parts =
    partitions === null || partitions === 0 ? "" : ` in ${partitions} ${partitions === 1 ? "part" : "parts"}`;
  if (nodes !== null && ofNodes !== null) return `${name} ran ${nodes} of ${ofNodes} operators${parts}.`;
  if (nodes !== null)
    return `${name} ran ${nodes} ${nodes === 1 ? "operator" : "operators"}${parts}; how many there are is not told.`;
  if (extent === "none") return `${name} ran nothing of the model.`;
  const what =
    extent === "all"
      ? "the whole model"
      : extent === "part"
        ? "some of the operators"
        : "operators, how many is not told,";
  return `${name} ran ${what}${parts}.`;
}
