import assert from "node:assert/strict";

import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../../profiler/profile-model.ts";
import { readModel } from "../../../../profiler/formats/formats.ts";
import type { Totals } from "../../../../profiler/profile.ts";
import { strengthsAt } from "../../../../profiler/editing/fit/strengths.ts";
import type { ActivationSource } from "../../../../profiler/neutral/activations.ts";
import type { Rewrite } from "../../../../profiler/neutral/rewrite.ts";
import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import type { NeutralGraph } from "../../../../profiler/neutral/neutral-graph.ts";
import { lowerRewrite } from "../../../../profiler/translation/lower-model.ts";
import { LoweringError } from "../../../../profiler/neutral/lowering-error.ts";
import { RESTRUCTURINGS } from "../../../../profiler/restructure/registry.ts";
import {
  isRefusal,
  NotApplicableError,
  type Candidate,
  type Restructuring,
} from "../../../../profiler/restructure/restructuring.ts";
import { modelBytes } from "../../../../profiler/formats/formats.ts";
import type { Network } from "../../../zoo/network.ts";
import { alexnet } from "../../../zoo/networks/alexnet.ts";
import { bert } from "../../../zoo/networks/bert.ts";
import { enet } from "../../../zoo/networks/enet.ts";
import { googlenet } from "../../../zoo/networks/googlenet.ts";
import { inceptionV3 } from "../../../zoo/networks/inception-v3.ts";
import { mnasnet } from "../../../zoo/networks/mnasnet.ts";
import { mobilenetLayer, mobilenetV1 } from "../../../zoo/networks/mobilenet-v1.ts";
import { mobilenetV2 } from "../../../zoo/networks/mobilenet-v2.ts";
import { nasnetMobile } from "../../../zoo/networks/nasnet-mobile.ts";
import { resnet } from "../../../zoo/networks/resnet.ts";
import { shufflenetV1 } from "../../../zoo/networks/shufflenet-v1.ts";
import { squeezenet } from "../../../zoo/networks/squeezenet.ts";
import { vgg } from "../../../zoo/networks/vgg.ts";
import { IS_THOROUGH } from "../../../effort.ts";
import { toBytes } from "../../../zoo/file-segments.ts";
import { thinned } from "../../../zoo/thin.ts";
import { toOnnx } from "../../../zoo/to-onnx.ts";
import { toTflite } from "../../../zoo/to-tflite.ts";

/**
 * Every architecture of the zoo, thin and on small maps: layers are as many as in the papers and of the same kinds. Left out are the same
 * architectures at other widths and resolutions, where nothing but numbers differs.
 */
const NETWORKS: readonly Network[] = [
  thinned(alexnet({ size: 67, classes: 10 }), 16),
  thinned(vgg(16, { size: 32, classes: 10 }), 16),
  thinned(googlenet({ size: 32 }), 8),
  thinned(inceptionV3({ size: 75 }), 16),
  thinned(resnet(50, { size: 32 }), 16),
  thinned(resnet(50, { size: 32, halves: "3x3" }), 16),
  thinned(squeezenet("1.0", { size: 35 }), 8),
  thinned(squeezenet("1.1", { size: 32 }), 8),
  thinned(mobilenetV1({ width: 0.25, size: 32 }), 4),
  thinned(mobilenetV1({ width: 0.25, size: 32, convolutions: "plain" }), 4),
  thinned(mobilenetV1({ width: 0.25, size: 32, isShallow: true }), 4),
  mobilenetLayer({ convolutions: "plain", channels: 16 }),
  mobilenetLayer({ convolutions: "separable", channels: 16 }),
  thinned(mobilenetV2({ size: 32 }), 8),
  thinned(mnasnet("A1", { size: 32 }), 8),
  thinned(mnasnet("B1", { size: 32 }), 8),
  shufflenetV1({ groups: 1, scale: 0.25, size: 32, classes: 10 }),
  shufflenetV1({ groups: 3, scale: 0.25, size: 32, classes: 10 }),
  enet({ size: [32, 64] }),
  nasnetMobile({ size: 32, penultimate: 192, classes: 10 }),
  bert({ vocabulary: 100, sequence: 16 }),
];

const PREDICTED = RESTRUCTURINGS.filter(({ predictsNothing }) => predictsNothing !== true);

const WRITERS = {
  "an ONNX file": (network: Network) => toBytes(toOnnx(network, { isDynamic: true }).model),
  "a TFLite file": (network: Network) => toBytes(toTflite(network)),
} satisfies Record<string, (network: Network) => Uint8Array>;

/** Places of a network that a restructuring is tried on: its beginning, middle and end, and all of them when time does not matter. */
const MOST_PLACES = IS_THOROUGH ? Infinity : 3;

/** What depends on neither the order nor the names of the new layers. */
const SIZES = ["parameters", "macs", "weightBytes", "otherOps", "unknownRows"] satisfies readonly (keyof Totals)[];

describe("Every restructuring of every layer of the zoo", function () {
  this.timeout(120_000);
  for (const [file, write] of Object.entries(WRITERS)) {
    const seen = new Set<string>();
    const applied = new Map<string, number>();

    for (const network of NETWORKS) {
      it(`costs what was predicted: ${network.name} as ${file}`, async () => {
        const bytes = write(network);
        const model = await readModel(new MemorySource(network.name, bytes), NO_FILES);
        const graph = liftModel(model);
        const base: Base = { model, graph, macs: totals(model).macs };
        for (const restructuring of PREDICTED) {
          for (const candidate of spread(newCandidates(graph, restructuring, seen))) {
            const isFirst = (applied.get(restructuring.id) ?? 0) === 0;
            if (!(await check(base, restructuring, candidate, isFirst))) continue;
            applied.set(restructuring.id, (applied.get(restructuring.id) ?? 0) + 1);
          }
        }
      });
    }

    it(`leaves no restructuring out: ${file}`, () => {
      const missing = PREDICTED.filter(({ id }) => !applied.has(id)).map(({ id }) => id);
      // Converters leave neither batch normalisation nor layers without effect in a TFLite file.
      // Its runtimes decode no single bits when they load a file.
      assert.deepEqual(
        missing,
        file === "a TFLite file" ? ["fold-batch-norm", "remove-no-ops", "binarize-weights"] : ["remove-no-ops"],
      );
    });
  }
});

const NO_FILES = { open: (path: string) => Promise.reject(new Error(`${path} is not there`)) };

/** Where it applies to layers unlike those that it was tried on: another form, or other sizes around it. */
function newCandidates(graph: NeutralGraph, restructuring: Restructuring, seen: Set<string>): readonly Candidate[] {
  const layers = new Map(graph.layers.map((layer) => [layer.id, layer]));
  return restructuring.find(graph).filter((finding): finding is Candidate => {
    if (isRefusal(finding)) return false;
    const about = finding.layers.map((id) => {
      const { form, inputs = [], outputs = [] } = layers.get(id) ?? {};
      return [form, [...inputs, ...outputs].map((tensor) => graph.tensors[tensor]?.shape)];
    });
    // Where weights are stored tells nothing of the layer.
    const signature = JSON.stringify([restructuring.id, about], (key, part: unknown) =>
      key === "constant" ? 0 : part,
    );
    return !seen.has(signature) && seen.add(signature).size > 0;
  });
}

/** Some of a list, evenly from its beginning to its end. */
function spread<T>(places: readonly T[]): readonly T[] {
  const step = Math.max(1, (places.length - 1) / (MOST_PLACES - 1));
  return places.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

interface Base {
  readonly model: Model;
  readonly graph: NeutralGraph;
  readonly macs: Totals["macs"];
}

/** @returns whether the format can say what the rewrite makes; if it cannot, the prediction must say so too */
async function check(
  { model, graph, macs }: Base,
  restructuring: Restructuring,
  candidate: Candidate,
  isWritten: boolean,
): Promise<boolean> {
  const { target } = candidate;
  const what = `${restructuring.id} on "${target}"`;
  // As far as it goes: then the least is computed.
  const options = strengthsAt(restructuring, candidate).at(-1) ?? {};
  const planned = await expressible(async () => {
    const rewrite = restructuring.predict(graph, target, options);
    assert.ok(rewrite, `${what}: sizes are given by number`);
    return lowerRewrite(model, graph, rewrite, { readsWeights: false });
  });
  const edited = await expressible(async () => {
    const observe = async (rewrite: Rewrite): Promise<ActivationSource> =>
      activationsOn(await lowerRewrite(model, graph, rewrite, { readsWeights: true }), { count: 1 });
    const rewrite = await restructuring.rewrite(graph, target, options, { seed: 0, observe });
    return lowerRewrite(model, graph, rewrite, { readsWeights: true });
  });
  assert.equal(planned === undefined, edited === undefined, `${what}: prediction and edit agree on whether it fits`);
  if (planned === undefined || edited === undefined) return false;
  const [predicted, actual] = [totals(planned), totals(edited)];
  if (restructuring.choosesOrder)
    for (const total of SIZES) assert.equal(predicted[total], actual[total], `${what}: ${total}`);
  else assert.deepEqual(predicted, actual, what);
  if (restructuring.keepsMacs) assert.equal(actual.macs, macs, `${what}: MACs as before`);
  if (!isWritten) return true;
  const bytes = await modelBytes(edited);
  const written = totals(await readModel(new MemorySource("written", bytes), NO_FILES));
  assert.deepEqual(written, actual, `${what}: the written file`);
  assert.equal(bytes.length, actual.fileBytes, `${what}: its size`);
  return true;
}

function totals(model: Model): Totals {
  return costModel(analyseModel(model, {}), DEFAULT_HARDWARE).totals;
}

async function expressible(make: () => Promise<Model>): Promise<Model | undefined> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof NotApplicableError || error instanceof LoweringError) return undefined;
    throw error;
  }
}
