/**
 * Other operations of elementwise functions, for each element of the output. One for each sum, product, quotient, comparison or bit
 * operation in the function's definition and one for each call of exp, log, erf or a trigonometric or hyperbolic function, whatever a
 * runtime makes of it: the number belongs to the definition, not to a kernel.
 */
export const OPERATIONS_PER_ELEMENT = {
  abs: 1,
  affine: 2,
  arithmetic: 1,
  bias: 1,
  celu: 6,
  clip: 2,
  elu: 4,
  function: 1,
  gelu: 5,
  geluTanh: 9,
  hardSigmoid: 4,
  hardSwish: 5,
  leakyRelu: 2,
  mish: 5,
  pRelu: 2,
  parametricSoftplus: 5,
  reciprocal: 1,
  relu: 1,
  relu6: 2,
  rsqrt: 2,
  scaledTanh: 3,
  select: 1,
  selu: 5,
  shrink: 3,
  sigmoid: 4,
  silu: 5,
  softplus: 3,
  softsign: 3,
  squaredDifference: 2,
  tanh: 1,
  thresholdedRelu: 1,
} as const;

export type ElementFunction = keyof typeof OPERATIONS_PER_ELEMENT;
