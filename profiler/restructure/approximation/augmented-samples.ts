import { Random } from "../../numeric/random.ts";
import type { TensorId } from "../../model/model.ts";
import { augmentationFor, AUGMENTATIONS } from "../../training/augmentation.ts";
import type { Activations } from "../../neutral/activations.ts";

/**
 * Samples and changed copies of them behind: few samples say little of a layer with many inputs. Pictures are turned, resized and shifted,
 * everything else is mixed with other samples.
 * @param inputs of the network, samples outermost
 * @param copies of each sample; 0 for the samples alone
 */
export function augmentedSamples(
  inputs: ReadonlyMap<TensorId, Activations>,
  copies: number,
  seed: number,
): ReadonlyMap<TensorId, Activations> {
  const shapes = [...inputs.values()].map(({ shape }) => shape.slice(1));
  const id = augmentationFor(shapes);
  const augmentation = AUGMENTATIONS.find((each) => each.id === id);
  if (copies === 0 || augmentation === undefined) return inputs;
  const random = new Random(seed);
  const count = [...inputs.values()][0]?.shape[0] ?? 1;
  // All inputs of a sample are changed alike.
  const draws = Array.from({ length: count * copies }, () => {
    const partner = Math.floor(random.uniform() * count);
    return { partner, change: augmentation.draw(random) };
  });
  const extended = [...inputs].map(([tensor, { shape, data }]): [TensorId, Activations] => {
    const [samples = 1, ...one] = shape;
    const size = data.length / samples;
    const all = new Float32Array(data.length * (1 + copies));
    all.set(data);
    const sample = (at: number): Float32Array => data.subarray(at * size, (at + 1) * size);
    for (const [at, { partner, change }] of draws.entries()) {
      const own = { shape: one, data: sample(at % samples) };
      const other = { shape: one, data: sample(partner) };
      all.set(change.apply(own, other), (samples + at) * size);
    }
    return [tensor, { shape: [samples * (1 + copies), ...one], data: all }];
  });
  return new Map(extended);
}
