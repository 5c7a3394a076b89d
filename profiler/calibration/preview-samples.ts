import type { NumericTensor } from "../tensors/numeric-tensor.ts";
import type { Port } from "../tensors/port.ts";
import type { ClassFolder } from "./class-folders.ts";
import { channelAxis } from "./input-layout.ts";
import { openSamples } from "./sample-set.ts";
import { isRandom, type CalibrationSpec } from "./spec.ts";

/** What a model will see of its samples. */
export interface SamplePreview {
  readonly count: number;
  readonly description: string;
  /** Synthetic, for want of samples of the user's own. */
  readonly isRandom: boolean;
  readonly hasLabels: boolean;
  /** What the folders of pictures stand for: which class has which number. */
  readonly classes?: readonly ClassFolder[];
  readonly samples: readonly PreviewedSample[];
}

export interface PreviewedSample {
  /** Class. */
  readonly label?: number;
  readonly inputs: readonly PreviewedInput[];
}

export interface PreviewedInput {
  readonly name: string;
  /** Of this sample alone; scaled as the model takes it. */
  readonly tensor: NumericTensor;
  /** Where a picture has its channels in `tensor.shape`; left out where it is no picture. */
  readonly channelAxis?: 0 | 2;
}

/**
 * The first samples of a specification as a model will see them.
 * @param ports the model's inputs
 * @param most how many samples; 0 tells only what they are
 * @throws {CalibrationError} when they do not fit the model
 */
export async function previewSamples(
  ports: readonly Port[],
  spec: CalibrationSpec,
  most: number,
): Promise<SamplePreview> {
  const set = await openSamples(spec, ports);
  try {
    const { count, description, hasLabels, classes } = set;
    const samples: PreviewedSample[] = [];
    for (let at = 0; at < Math.min(most, count); at += 1) {
      const { inputs, labels } = await set.batch(at, 1);
      const [label] = labels ?? [];
      samples.push({
        ...(label !== undefined && { label }),
        inputs: Object.entries(inputs).map(([name, tensor]) => previewed(name, tensor)),
      });
    }
    return { count, description, hasLabels, isRandom: isRandom(spec), ...(classes && { classes }), samples };
  } finally {
    await set.close();
  }
}

function previewed(name: string, tensor: NumericTensor): PreviewedInput {
  const shape = tensor.shape.length > 1 && tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape;
  const axis = channelAxis(shape);
  return { name, tensor: { ...tensor, shape }, ...(axis !== undefined && { channelAxis: axis }) };
}
