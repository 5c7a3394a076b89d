import assert from "node:assert/strict";
import fc from "fast-check";

import { onnxBytes } from "../../../../profiler/formats/onnx/write.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import type { Form } from "../../../../profiler/neutral/forms.ts";
import { newWeights } from "../../../../profiler/neutral/weights.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import type { LayerId } from "../../../../profiler/neutral/neutral-graph.ts";
import { lowerRewrite } from "../../../../profiler/translation/lower-model.ts";
import { findChannels, type Channels } from "../../../../profiler/restructure/restructurings/reduce-channels/groups.ts";
import type { Unit } from "../../../../profiler/restructure/restructurings/reduce-channels/channel-map.ts";
import {
  isDepthwise,
  isLinear,
  linearSizes,
} from "../../../../profiler/restructure/restructurings/reduce-channels/linear-layer.ts";
import { pruned } from "../../../../profiler/restructure/restructurings/reduce-channels/prune.ts";
import { assertSameOutputs, edit, edited, readBytes, run, seededFeeds } from "../edited-model.ts";
import { randomNetwork } from "./random-network.ts";

/** Sums of float32 in another order. */
const ROUNDING = 2e-5;

const network = fc.record({ seed: fc.nat(1e6), length: fc.integer({ min: 1, max: 6 }) });

describe("channels that go together", () => {
  it("can go without a trace when nobody listens to them", async function () {
    this.timeout(120_000);
    let removals = 0;
    await fc.assert(
      fc.asyncProperty(network, async ({ seed, length }) => {
        const model = await readBytes(randomNetwork(seed, length));
        const lifted = liftModel(model);
        const channels = findChannels(lifted);
        const removed = randomUnits(channels, new Random(seed));
        removals += removed.size;
        const deaf = await lowerRewrite(
          model,
          lifted,
          { replace: await withoutReaders(channels, removed) },
          { readsWeights: true },
        );
        const less = await lowerRewrite(model, lifted, { replace: pruned(channels, removed) }, { readsWeights: true });
        const feeds = seededFeeds(model, seed);
        assertSameOutputs(await run(await onnxBytes(less), feeds), await run(await onnxBytes(deaf), feeds), ROUNDING);
      }),
      { numRuns: 60 },
    );
    assert.ok(removals > 500, `only ${removals} channels went`);
  });

  it("cost what was predicted when they are gone", async function () {
    this.timeout(120_000);
    const share = fc.constantFrom({ ratio: 0.3 }, { ratio: 0.75 }, { macs: 0.5 });
    await fc.assert(
      fc.asyncProperty(network, share, async ({ seed, length }, options) => {
        const bytes = randomNetwork(seed, length);
        const model = await readBytes(bytes);
        const { bytes: reduced } = await edited(model, edit("reduce-channels", "", options));
        const outputs = await run(reduced, seededFeeds(model));
        assert.ok(Object.values(outputs).every((values) => values.every(Number.isFinite)));
      }),
      { numRuns: 40 },
    );
  });
});

/** Up to all but one of each class. */
function randomUnits({ groups }: Channels, random: Random): ReadonlySet<Unit> {
  const classes = groups.flatMap((group) => group.classes);
  return new Set(
    classes.flatMap(({ units }) => {
      const kept = Math.floor(random.uniform() * units.length);
      return units.filter((_, index) => index !== kept && random.uniform() < 0.6);
    }),
  );
}

/** The network with every weight at zero that reads a channel of these units: whatever the channel holds has no effect any more. */
async function withoutReaders({ map }: Channels, removed: ReadonlySet<Unit>): Promise<ReadonlyMap<LayerId, Form>> {
  const forms = new Map<LayerId, Form>();
  for (const layer of map.graph.layers.filter(isLinear)) {
    const labels = map.labels(layer.inputs[0]);
    if (labels === undefined || isDepthwise(layer.form)) continue;
    const { outputs, groups, columns, taps } = linearSizes(layer.form);
    const isDeaf = map.units(labels).map((unit) => removed.has(unit));
    const elements = (await layer.form.weight.read()).map((value, index) => {
      const group = Math.floor(index / columns / (outputs / groups));
      return isDeaf[Math.floor((group * columns + (index % columns)) / taps)] ? 0 : value;
    });
    forms.set(layer.id, { ...layer.form, weight: newWeights(layer.form.weight.shape, elements) });
  }
  return forms;
}
