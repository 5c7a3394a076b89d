import { combinationOf, solveNormalEquations } from "../../numeric/least-squares.ts";
import { matrix, type Matrix } from "../../numeric/matrix.ts";
import type { Products } from "../../numeric/products.ts";
import { Random } from "../../numeric/random.ts";

/** Square kernels, outputs × inputs × size × size. */
export interface Kernels {
  readonly outputs: number;
  readonly inputs: number;
  readonly size: number;
  readonly data: Float32Array;
}

/** Rounds of alternating least squares: the error falls little after the first few. */
const ROUNDS = 8;

/** Share of the kernels that is not worth another round: with channels for every tap of the first kernels (few input channels) less is missing at once. */
const ROUNDING = 1e-4;

const LAST_SIZE = 3;

export interface Factors {
  /** channels × inputs × (size - 2) × (size - 2) */
  readonly front: Kernels;
  /** outputs × channels × 3 × 3 */
  readonly last: Kernels;
}

interface Fitted {
  readonly last: Kernels;
  readonly error: number;
}

/**
 * Two convolutions, one behind the other, whose composition is nearest to one of larger kernels: alternating least squares from random
 * kernels, each half solved exactly.
 */
export async function factorKernels(
  kernels: Kernels,
  channels: number,
  {
    products,
    seed,
    signal,
  }: { readonly products: Products; readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<Factors> {
  const { inputs, size } = kernels;
  const frontSize = size - LAST_SIZE + 1;
  const start = new Random(seed).normals(channels * inputs * frontSize ** 2);
  let front: Kernels = { outputs: channels, inputs, size: frontSize, data: start };
  let { last, error } = await solveLast(kernels, front, products);
  for (let round = 0; round < ROUNDS && error > ROUNDING; round++) {
    signal?.throwIfAborted();
    front = await solveFront(kernels, last, frontSize, products);
    signal?.throwIfAborted();
    ({ last, error } = await solveLast(kernels, front, products));
  }
  return { front, last };
}

/** What 3×3 kernels behind `front` see of a patch of the whole size, as a map: (channels · 3 · 3) × (inputs · size · size). */
export function seenThrough(front: Kernels): Matrix {
  const size = front.size + LAST_SIZE - 1;
  const map = matrix(front.outputs * LAST_SIZE ** 2, front.inputs * size ** 2);
  forEachTap(front, (channel, input, y, x, value) => {
    for (let row = 0; row < LAST_SIZE; row++) {
      for (let column = 0; column < LAST_SIZE; column++) {
        const feature = (channel * LAST_SIZE + row) * LAST_SIZE + column;
        map.data[feature * map.columns + (input * size + y + row) * size + x + column] = value;
      }
    }
  });
  return map;
}

/** The composition of both, as kernels of the whole size. */
export async function composed({ front, last }: Factors, products: Products): Promise<Kernels> {
  const { data } = await products.multiply(
    matrix(last.outputs, last.inputs * LAST_SIZE ** 2, last.data),
    seenThrough(front),
  );
  return { outputs: last.outputs, inputs: front.inputs, size: front.size + LAST_SIZE - 1, data };
}

async function solveLast(kernels: Kernels, front: Kernels, products: Products): Promise<Fitted> {
  const map = seenThrough(front);
  const wanted = matrix(kernels.outputs, map.columns, kernels.data);
  const shares = await combinationOf(map, wanted, products);
  const made = await products.multiply(shares, map);
  return {
    last: { outputs: kernels.outputs, inputs: front.outputs, size: LAST_SIZE, data: shares.data },
    error: relativeError(wanted, made),
  };
}

/** Root of the missing energy as part of the whole. */
function relativeError(wanted: Matrix, made: Matrix): number {
  let [missing, whole] = [0, 0];
  for (let index = 0; index < wanted.data.length; index++) {
    const value = wanted.data[index] ?? 0;
    missing += (value - (made.data[index] ?? 0)) ** 2;
    whole += value ** 2;
  }
  return whole === 0 ? 0 : Math.sqrt(missing / whole);
}

async function solveFront(kernels: Kernels, last: Kernels, frontSize: number, products: Products): Promise<Kernels> {
  const map = spreadBy(last, frontSize);
  const gram = await products.multiply(map, map, { transposeA: true });
  const moments = await products.multiply(map, byInput(kernels), { transposeA: true });
  const solved = await solveNormalEquations(map.columns, gram.data, kernels.inputs, moments.data, products);
  const data = new Float32Array(solved.data.length);
  const taps = frontSize ** 2;
  // (channels · taps) × inputs as channels × inputs × taps.
  for (let row = 0; row < solved.rows; row++) {
    for (let input = 0; input < kernels.inputs; input++) {
      const channel = Math.floor(row / taps);
      data[(channel * kernels.inputs + input) * taps + (row % taps)] = solved.data[row * kernels.inputs + input] ?? 0;
    }
  }
  return { outputs: last.inputs, inputs: kernels.inputs, size: frontSize, data };
}

/** What `last` makes of one tap of a kernel before it: (outputs · size · size) × (channels · frontSize · frontSize). */
function spreadBy(last: Kernels, frontSize: number): Matrix {
  const size = frontSize + LAST_SIZE - 1;
  const map = matrix(last.outputs * size ** 2, last.inputs * frontSize ** 2);
  forEachTap(last, (output, channel, row, column, value) => {
    for (let y = 0; y < frontSize; y++) {
      for (let x = 0; x < frontSize; x++) {
        const place = (output * size + y + row) * size + x + column;
        map.data[place * map.columns + (channel * frontSize + y) * frontSize + x] = value;
      }
    }
  });
  return map;
}

/** outputs × inputs × taps as (outputs · taps) × inputs. */
function byInput({ outputs, inputs, size, data }: Kernels): Matrix {
  const taps = size ** 2;
  const result = matrix(outputs * taps, inputs);
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < taps; tap++) {
        result.data[(output * taps + tap) * inputs + input] = data[(output * inputs + input) * taps + tap] ?? 0;
      }
    }
  }
  return result;
}

function forEachTap(
  { outputs, inputs, size, data }: Kernels,
  visit: (output: number, input: number, row: number, column: number, value: number) => void,
): void {
  for (let index = 0; index < data.length; index++) {
    const tap = index % size ** 2;
    const filter = Math.floor(index / size ** 2);
    visit(Math.floor(filter / inputs) % outputs, filter % inputs, Math.floor(tap / size), tap % size, data[index] ?? 0);
  }
}
