/** Binary multiplications and additions that a processor of 64-bit words does in the time of one of floats. */
const PARALLEL = 64;

/** A convolution or a dense layer, as XNOR-Net counts it. */
export interface XnorLayer {
  /** Multiply-accumulates. */
  readonly macs: number;
  /** Weights of an output: inputs of a group × kernel. */
  readonly columns: number;
  readonly outputs: number;
}

export interface XnorEstimate {
  /** A bit for each weight, and a magnitude (float32) for each output. */
  readonly storedBytes: number;
  /** How often the layer's time goes into that of the float layer: 64·c·N / (c·N + 64) for c·N columns. */
  readonly speedUp: number;
  readonly macs: number;
  /** MACs of floats that take as long. */
  readonly equivalentMacs: number;
}

/**
 * What a layer would take whose weights and activations are ±1: products by XNOR, sums by counting bits. An estimate: no runtime computes
 * it, and answers hold only after training. Source: Rastegari, Ordonez, Redmon, Farhadi: XNOR-Net. ECCV 2016, section 3.3 (62.27 for 256 channels
 * and 3×3 filters).
 */
export function xnorEstimate({ macs, columns, outputs }: XnorLayer): XnorEstimate {
  const speedUp = (PARALLEL * columns) / (columns + PARALLEL);
  return {
    storedBytes: Math.ceil((columns * outputs) / 8) + 4 * outputs,
    speedUp,
    macs,
    equivalentMacs: speedUp > 0 ? macs / speedUp : macs,
  };
}
