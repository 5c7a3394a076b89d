import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../install.mjs";
import { alexnet } from "../zoo/networks/alexnet.ts";
import { bert } from "../zoo/networks/bert.ts";
import { shufflenetV1 } from "../zoo/networks/shufflenet-v1.ts";
import { squeezenet } from "../zoo/networks/squeezenet.ts";
import type { Network } from "../zoo/network.ts";
import { toBytes } from "../zoo/file-segments.ts";
import { thinned } from "../zoo/thin.ts";
import { toOnnx } from "../zoo/to-onnx.ts";
import { toTflite } from "../zoo/to-tflite.ts";
import { tinyNetworks, tinyOnnx, tinyTflite } from "./tiny-models.ts";

export type FuzzedFormat = "onnx" | "tflite";

/** The project's own small models, in the same order on every machine. */
export interface Corpus {
  /** A few nodes, a few kilobytes. */
  readonly tiny: readonly Uint8Array[];
  /** Whole networks: a mutant of one takes as long as ten of the others. */
  readonly large: readonly Uint8Array[];
}

/** Whatever is longer is mostly weights. */
const MOST_BYTES = 120_000;
const TINY_BYTES = 15_000;
const FOLDERS = ["test/data/sizes", "test/fixtures/hostile"];
/** Files whose own reading ends at a limit: mutants of them would nearly all end there. */
const LIMITED = /^(?:slow|memory|hang)-/;

export function corpusOf(format: FuzzedFormat): Corpus {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith(`.${format}`) && !LIMITED.test(name))
      .sort()
      .map((name) => Uint8Array.from(readFileSync(join(ROOT, folder, name)))),
  );
  const written = (network: Network): Uint8Array =>
    toBytes(format === "onnx" ? toOnnx(network).model : toTflite(network));
  const networks = [
    thinned(alexnet({ size: 67, classes: 10, groups: 2 }), 32),
    thinned(squeezenet("1.1", { size: 32, classes: 10 }), 16),
    thinned(shufflenetV1({ size: 32, classes: 10 }), 8),
    thinned(bert({ layers: 1, hidden: 64, heads: 2, vocabulary: 16, positions: 16, sequence: 8 }), 4),
  ];
  const made = format === "onnx" ? tinyOnnx() : tinyTflite();
  const isTiny = ({ length }: Uint8Array): boolean => length <= TINY_BYTES;
  return {
    tiny: [...files.filter(isTiny), ...made, ...tinyNetworks().map(written)],
    large: [...files.filter((file) => !isTiny(file)), ...networks.map(written)].filter(
      ({ length }) => length <= MOST_BYTES,
    ),
  };
}
