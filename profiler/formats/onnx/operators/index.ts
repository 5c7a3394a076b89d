import type { Node } from "../../../model/model.ts";
import { ownEntry } from "../../../own-entry.ts";
import type { Operators } from "../../../neutral/operator.ts";
import type { OperatorTable } from "../../../operators/operator-rule.ts";
import { ACTIVATION } from "./activation.ts";
import { ATTENTION } from "./attention.ts";
import { CASTING } from "./casting.ts";
import { CONSTANTS } from "./constants.ts";
import { CONTROL } from "./control.ts";
import { CONVOLUTION } from "./convolution.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { INDEXING } from "./indexing.ts";
import { LAYOUT } from "./layout.ts";
import { LINEAR_ALGEBRA } from "./linear-algebra.ts";
import { MATMUL } from "./matmul.ts";
import { INTERNAL_NHWC, MICROSOFT_NCHWC } from "./microsoft-fused.ts";
import { MICROSOFT } from "./microsoft.ts";
import { ML } from "./ml.ts";
import { NORMALIZATION } from "./normalization.ts";
import { POOLING } from "./pooling.ts";
import { QUANTIZATION } from "./quantization.ts";
import { RANDOM } from "./random.ts";
import { RECURRENT } from "./recurrent.ts";
import { REDUCTION } from "./reduction.ts";
import { RESHAPING } from "./reshaping.ts";
import { SEQUENCE } from "./sequence.ts";
import { SHAPE_ARITHMETIC } from "./shape-arithmetic.ts";
import { SIGNAL } from "./signal.ts";
import { TEXT } from "./text.ts";
import { VISION } from "./vision.ts";

export const DEFAULT_DOMAIN: Operators = {
  ...ACTIVATION,
  ...ATTENTION,
  ...CASTING,
  ...CONSTANTS,
  ...CONTROL,
  ...CONVOLUTION,
  ...ELEMENTWISE,
  ...INDEXING,
  ...LAYOUT,
  ...LINEAR_ALGEBRA,
  ...MATMUL,
  ...NORMALIZATION,
  ...POOLING,
  ...QUANTIZATION,
  ...RANDOM,
  ...RECURRENT,
  ...REDUCTION,
  ...RESHAPING,
  ...SEQUENCE,
  ...SHAPE_ARITHMETIC,
  ...SIGNAL,
  ...TEXT,
  ...VISION,
};

/** What Edgewise knows of ONNX's operators, by domain and name, for every version of each. The default domain has two names. */
export const ONNX_OPERATORS: OperatorTable = new Map([
  ["", DEFAULT_DOMAIN],
  ["ai.onnx", DEFAULT_DOMAIN],
  ["ai.onnx.ml", ML],
  ["com.microsoft", MICROSOFT],
  ["com.microsoft.nchwc", MICROSOFT_NCHWC],
  ["com.ms.internal.nhwc", INTERNAL_NHWC],
]);

/** Whether an operator of the default domain runs graphs of its own. */
export function runsBodies(op: string): boolean {
  return ownEntry(DEFAULT_DOMAIN, op)?.control !== undefined;
}

/** Domains of ONNX Runtime whose operators have no rules here. Source: include/onnxruntime/core/graph/constants.h; ONNX, onnx/common/constants.h. */
const OTHER_DOMAINS: ReadonlySet<string> = new Set([
  "ai.onnx.training",
  "ai.onnx.preview.training",
  "com.microsoft.experimental",
  "org.pytorch.aten",
]);

/** Whether ONNX Runtime loads no model with this operator: it is somebody's own, and no function of the file. */
export function isForeign({ domain, bodies }: Pick<Node, "domain" | "bodies">): boolean {
  return bodies.length === 0 && !ONNX_OPERATORS.has(domain) && !OTHER_DOMAINS.has(domain);
}
