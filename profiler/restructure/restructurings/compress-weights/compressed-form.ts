import type { Matrix } from "../../../numeric/matrix.ts";
import type { Quantization } from "../../../model/model.ts";
import type { LinearForm } from "../../../neutral/forms.ts";
import { rowsAsWeights, rowShape } from "../../../neutral/weight-rows.ts";
import { computedWeights, newWeights, type Weights } from "../../../neutral/weights.ts";
import type { WeightCoding } from "../../../neutral/weight-coding.ts";

/** What a technique makes of a layer's weights. */
export interface CompressedWeights {
  /** As they will be decoded: outputs × columns. */
  readonly weights: Matrix;
  /** undefined: as plain floats. */
  readonly coding: WeightCoding | undefined;
  /** Scheme of the integers of a `ProductCoding`. */
  readonly scheme?: Quantization;
}

/** A layer with weights that are stored in another way. @param shift added to the bias */
export async function compressedForm<F extends LinearForm>(
  form: F,
  { weights, coding, scheme }: CompressedWeights,
  shift: Float32Array,
): Promise<F> {
  const rows: Weights = {
    ...newWeights(rowShape(form), weights.data, scheme ? "int8" : "float32"),
    ...(coding && { coding }),
    ...(scheme && { quantization: scheme }),
  };
  return { ...form, weight: rowsAsWeights(form, rows), bias: form.bias && (await shifted(form.bias, shift)) };
}

/** How weights will be stored, before there are any. */
export interface PlannedWeights {
  readonly coding: WeightCoding;
  readonly scheme?: Quantization;
}

/** The same without numbers. */
export function plannedForm<F extends LinearForm>(form: F, { coding, scheme }: PlannedWeights): F {
  const planned = (): Promise<Float32Array> => Promise.reject(new Error("these weights are only planned"));
  const rows: Weights = {
    ...computedWeights(rowShape(form), planned, scheme ? "int8" : "float32"),
    coding,
    ...(scheme && { quantization: scheme }),
  };
  return {
    ...form,
    weight: rowsAsWeights(form, rows),
    bias: form.bias && computedWeights(form.bias.shape, planned, biasType(form.bias)),
  };
}

async function shifted(bias: Weights, shift: Float32Array): Promise<Weights> {
  const elements = await bias.read();
  return newWeights(
    bias.shape,
    elements.map((value, at) => value + (shift[at] ?? 0)),
    biasType(bias),
  );
}

function biasType({ dataType }: Weights): Weights["dataType"] {
  return dataType === "float16" ? "float16" : "float32";
}
