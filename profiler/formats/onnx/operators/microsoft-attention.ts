import type { MatmulGeometry } from "../../../operators/operation.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { add, floorDivide, ifNumbers, multiply, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { attentionGeometry, fromHeads, LINEAR_ATTENTION, ROTARY_EMBEDDING, toHeads, type Heads } from "./attention.ts";
import { inferredType, sameAs } from "./inferred-types.ts";

/** Attention that projects its input itself: input, merged weights (input × Q·K·V sizes), bias?, … */
interface ProjectedForm {
  /** Past keys and values in one tensor: 2×batch×heads×length×size. */
  readonly past?: number;
  /** Input whose type the output has. */
  readonly typeOf?: number;
  /** Separate weights of queries, keys and values in place of the merged one. */
  readonly weights?: readonly number[];
  readonly configuration?: readonly number[];
}

function projectedAttention({ past = -1, typeOf = 0, weights = [1], configuration }: ProjectedForm): OperatorRule {
  const solve = (view: NodeView) => {
    const input = view.shape(0);
    const [batch = UNKNOWN_SIZE, length = UNKNOWN_SIZE, inner = UNKNOWN_SIZE] = input ?? [];
    const heads = view.int("num_heads") ?? UNKNOWN_SIZE;
    const merged = view.shape(weights[0] ?? 1)?.[1] ?? UNKNOWN_SIZE;
    const hidden = weights.length > 1 ? merged : floorDivide(merged, 3);
    const [querySize = hidden, , valueSize = hidden] = view.ints("qkv_hidden_sizes") ?? [];
    const query: Heads = { batch, heads, length, size: floorDivide(querySize, heads) };
    const total = view.has(past) ? add(view.shape(past)?.[3] ?? UNKNOWN_SIZE, length) : length;
    const columns = weights.length > 1 ? multiply(3, hidden) : merged;
    const projection: MatmulGeometry = { batch, rows: length, inner, columns, hasBias: true };
    return { query, value: { ...query, size: floorDivide(valueSize, heads) }, valueSize, total, projection };
  };
  return {
    describe: (view) => {
      const { query, value, valueSize, total, projection } = solve(view);
      const dataType = view.dataType(typeOf);
      const isShared = view.flag("past_present_share_buffer");
      const present = isShared ? view.shape(past) : [2, ...fromHeads({ ...query, length: total })];
      const output = view.shape(0) && [query.batch, query.length, valueSize];
      return {
        outputs: [inferredType(dataType, output), inferredType(dataType, present)],
        operation: {
          kind: "attention",
          geometry: { ...attentionGeometry(query, value, total), projections: [projection] },
        },
      };
    },
    ...(configuration && { configuration }),
  };
}

/** Where an operator that gets projected queries, keys and values has the keys and values of earlier runs. */
interface CachedForm {
  readonly pastKey: number;
  readonly pastValue: number;
  /** Input with the length of all keys, and attribute with the number of key heads, of grouped queries. */
  readonly totalLength?: number;
  /** Past and present are one buffer of fixed length. */
  readonly isShared?: (view: NodeView) => boolean;
  readonly configuration: readonly number[];
}

function cachedAttention(form: CachedForm): OperatorRule {
  return {
    describe: (view) => {
      const { query, key, value, cached } = solveCached(view, form);
      const dataType = view.dataType(0);
      const shape = [query.batch, query.length, multiply(query.heads, value.size)];
      return {
        outputs: [
          inferredType(dataType, view.shape(0) && shape),
          inferredType(view.dataType(form.pastKey) ?? dataType, fromHeads({ ...key, length: cached })),
          inferredType(view.dataType(form.pastValue) ?? dataType, fromHeads({ ...value, length: cached })),
          inferredType(dataType, [query.batch, query.heads, query.length, cached]),
        ],
        operation: { kind: "attention", geometry: attentionGeometry(query, value, cached) },
      };
    },
    configuration: form.configuration,
  };
}

function solveCached(view: NodeView, form: CachedForm) {
  const heads = view.int("num_heads") ?? UNKNOWN_SIZE;
  const keyHeads = view.int("kv_num_heads") ?? heads;
  const { query, key, value } = queryKeyValue(view, heads, keyHeads);
  const past = view.shape(form.pastKey)?.[2];
  const isShared = form.isShared?.(view) === true;
  const grown = past === undefined || isShared ? (past ?? key.length) : add(past, key.length);
  const total = form.totalLength === undefined ? undefined : view.number(form.totalLength);
  const cached = total === undefined ? grown : ifNumbers([past ?? 0, total], Math.max);
  return { query, key, value, cached };
}

/** Separate, or packed: batch×length×heads×(3 or 2)×size, or batch×length×((heads + 2·keyHeads)·size) without key and value. */
function queryKeyValue(
  view: NodeView,
  heads: Dimension,
  keyHeads: Dimension,
): Record<"query" | "key" | "value", Heads> {
  const first = view.shape(0);
  const second = view.shape(1);
  if (first?.length === 5) {
    const query = unpacked(first);
    return { query, key: query, value: query };
  }
  if (!view.has(1) && first !== undefined) {
    const [batch = UNKNOWN_SIZE, length = UNKNOWN_SIZE, packed = UNKNOWN_SIZE] = first;
    const size = floorDivide(packed, add(heads, multiply(2, keyHeads)));
    const key = { batch, heads: keyHeads, length, size };
    return { query: { ...key, heads }, key, value: key };
  }
  const query = toHeads(first, heads);
  const key = second?.length === 5 ? unpacked(second) : toHeads(second, keyHeads);
  return { query, key, value: view.has(2) ? toHeads(view.shape(2), keyHeads) : key };
}

/** batch×length×heads×parts×size */
function unpacked([batch, length, heads, , size]: Shape): Heads {
  return {
    batch: batch ?? UNKNOWN_SIZE,
    length: length ?? UNKNOWN_SIZE,
    heads: heads ?? UNKNOWN_SIZE,
    size: size ?? UNKNOWN_SIZE,
  };
}

/** Tokens without padding, one after the other; `offsets` (batch×length) tells how they were padded. */
function packedHeads(view: NodeView, offsets: number, size: Dimension): Heads {
  const [batch = UNKNOWN_SIZE, length = UNKNOWN_SIZE] = view.shape(offsets) ?? [];
  const heads = view.int("num_heads") ?? UNKNOWN_SIZE;
  return { batch, heads, length, size: floorDivide(size, heads) };
}

const PADDED_COUNT = "Counted as if every sequence had the longest one's length.";

/** input tokens×inner, weights, bias, token_offset, cumulative_sequence_length, attention_bias? */
const PACKED_ATTENTION: OperatorRule = {
  describe: (view) => {
    view.note(PADDED_COUNT);
    const [rows = UNKNOWN_SIZE, inner = UNKNOWN_SIZE] = view.shape(0) ?? [];
    const columns = view.shape(1)?.[1] ?? UNKNOWN_SIZE;
    const hidden = floorDivide(columns, 3);
    const [querySize = hidden, , valueSize = hidden] = view.ints("qkv_hidden_sizes") ?? [];
    const query = packedHeads(view, 3, querySize);
    const geometry = attentionGeometry(query, packedHeads(view, 3, valueSize), query.length);
    return {
      outputs: [inferredType(view.dataType(0), [view.shape(0)?.[0] ?? UNKNOWN_SIZE, valueSize])],
      operation: {
        kind: "attention",
        geometry: { ...geometry, projections: [{ batch: 1, rows, inner, columns, hasBias: true }] },
      },
    };
  },
  configuration: [3, 4],
};

/** query tokens×hidden or tokens×heads×3×size, key?, value?, bias?, token_offset, cumulative_sequence_length, … */
const PACKED_MULTI_HEAD_ATTENTION: OperatorRule = {
  describe: (view) => {
    view.note(PADDED_COUNT);
    const { query, value } = packedSizes(view);
    const heads = packedHeads(view, 4, query);
    return {
      outputs: [inferredType(view.dataType(0), [view.shape(0)?.[0] ?? UNKNOWN_SIZE, value])],
      operation: { kind: "attention", geometry: attentionGeometry(heads, packedHeads(view, 4, value), heads.length) },
    };
  },
  configuration: [4, 5],
};

function packedSizes(view: NodeView): { readonly query: Dimension; readonly value: Dimension } {
  const query = view.shape(0);
  if (query?.length === 4) {
    const size = multiply(query[1] ?? UNKNOWN_SIZE, query[3] ?? UNKNOWN_SIZE);
    return { query: size, value: size };
  }
  return { query: query?.[1] ?? UNKNOWN_SIZE, value: view.shape(2)?.[1] ?? UNKNOWN_SIZE };
}

/** Sequence first: query, key, q_weight, kv_weight, bias, key_padding_mask?, key_cache?, value_cache?, four flags. */
const DECODER_ATTENTION: OperatorRule = {
  describe: (view) => {
    const heads = view.int("num_heads") ?? UNKNOWN_SIZE;
    const [length = UNKNOWN_SIZE, batch = UNKNOWN_SIZE, hidden = UNKNOWN_SIZE] = view.shape(0) ?? [];
    const keyLength = view.shape(1)?.[0] ?? UNKNOWN_SIZE;
    const query = { batch, heads, length, size: floorDivide(hidden, heads) };
    const projections = [
      { batch, rows: length, inner: hidden, columns: hidden, hasBias: true },
      { batch, rows: keyLength, inner: hidden, columns: multiply(2, hidden), hasBias: true },
    ];
    return {
      outputs: [sameAs(view)],
      operation: { kind: "attention", geometry: { ...attentionGeometry(query, query, keyLength), projections } },
    };
  },
  configuration: [8, 9, 10, 11],
};

/** input, weight, bias, mask, global weight, global bias, global flags: each token sees `window` tokens on either side. */
const LONGFORMER_ATTENTION: OperatorRule = {
  describe: (view) => {
    view.note(
      "Counted with local attention alone: which tokens attend to all others is known only when the model runs.",
    );
    const heads = view.int("num_heads") ?? UNKNOWN_SIZE;
    const query = toHeads(view.shape(0), heads);
    const hidden = view.shape(0)?.[2] ?? UNKNOWN_SIZE;
    const seen = 2 * view.int("window", 0) + 1;
    const projection = {
      batch: query.batch,
      rows: query.length,
      inner: hidden,
      columns: multiply(3, hidden),
      hasBias: true,
    };
    return {
      outputs: [sameAs(view)],
      operation: {
        kind: "attention",
        geometry: { ...attentionGeometry(query, query, seen), projections: [projection] },
      },
    };
  },
};

/** emb, q, q_rot, k, k_rot: queries and keys are both turned, each by a product with the cosine and one with the sine. */
const GEMMA_ROTARY_EMBEDDING: OperatorRule = {
  describe: (view) => ({
    outputs: [sameAs(view, 1), sameAs(view, 3)],
    operation: { kind: "elementwise", geometry: { opsPerElement: 2 * 3 } },
  }),
};

const MULTI_HEAD: CachedForm = { pastKey: 6, pastValue: 7, configuration: [8, 9] };
const DECODER_MASKED: CachedForm = {
  pastKey: 5,
  pastValue: 6,
  isShared: (view) => view.flag("past_present_share_buffer"),
  configuration: [7, 8, 9],
};

/** Attention as ONNX Runtime's transformer optimizer writes it. */
export const MICROSOFT_ATTENTION: Readonly<Record<string, OperatorRule>> = {
  Attention: projectedAttention({ past: 4, configuration: [6] }),
  DecoderMaskedSelfAttention: projectedAttention({ past: 4, configuration: [6, 7, 8] }),
  QAttention: projectedAttention({ past: 8, typeOf: 3, configuration: [3, 4, 6, 7] }),
  QOrderedAttention: projectedAttention({ weights: [5, 6, 7], configuration: [1, 2, 3, 4, 8, 9, 10, 14, 15, 16] }),
  MultiHeadAttention: cachedAttention(MULTI_HEAD),
  DecoderMaskedMultiHeadAttention: cachedAttention(DECODER_MASKED),
  GroupQueryAttention: cachedAttention({ pastKey: 3, pastValue: 4, totalLength: 6, configuration: [5, 6, 9, 12, 13] }),
  SparseAttention: cachedAttention({ pastKey: 3, pastValue: 4, isShared: () => true, configuration: [5, 6, 7, 8] }),
  PackedAttention: PACKED_ATTENTION,
  PackedMultiHeadAttention: PACKED_MULTI_HEAD_ATTENTION,
  DecoderAttention: DECODER_ATTENTION,
  LongformerAttention: LONGFORMER_ATTENTION,
  LinearAttention: LINEAR_ATTENTION,
  RotaryEmbedding: ROTARY_EMBEDDING,
  MRotaryEmbedding: ROTARY_EMBEDDING,
  GemmaRotaryEmbedding: GEMMA_ROTARY_EMBEDDING,
};
