import type { Network, Value } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

export interface BertOptions {
  readonly layers?: number;
  readonly hidden?: number;
  /** Default: one for each 64 of the hidden size. */
  readonly heads?: number;
  readonly vocabulary?: number;
  /** Longest sequence. */
  readonly positions?: number;
  readonly batch?: number;
  readonly sequence?: number;
}

/**
 * A small transformer: the encoder of Devlin et al. 2018 in the sizes of Turc et al. 2019 (BERT-Tiny by default), with pooler, without
 * padding mask. Batch and sequence are dynamic.
 */
export function bert(options: BertOptions = {}): Network {
  const { layers = 2, hidden = 128, vocabulary = 30_522, positions = 512, batch = 1, sequence = 128 } = options;
  const { heads = hidden / 64 } = options;
  const net = new NetworkBuilder();
  const [ids, segments] = [net.tokens("input_ids", batch, sequence), net.tokens("token_type_ids", batch, sequence)];
  let x = net.scope("embeddings", () => {
    const words = net.embedding(ids, "word_embeddings", vocabulary, hidden);
    const types = net.embedding(segments, "token_type_embeddings", 2, hidden);
    const places = net.positions(ids, "position_embeddings", positions, hidden);
    return net.layerNorm(net.plus(net.plus(words, types), places), "norm");
  });
  net.scope("encoder", () => {
    for (let layer = 0; layer < layers; layer += 1) {
      x = net.scope(`layer${layer}`, () => feedForward(net, attention(net, x, heads), hidden));
    }
  });
  const pooled = net.scope("pooler", () => net.activation(net.dense(net.firstToken(x), "dense", hidden), "tanh"));
  return net.finish(`bert_l${layers}_h${hidden}`, x, pooled);
}

function attention(net: NetworkBuilder, x: Value, heads: number): Value {
  return net.scope("attention", () => {
    const hidden = x.shape[2] ?? 0;
    const projected = (name: string, permutation: readonly number[]): Value =>
      net.scope(name, () => net.transpose(net.splitHeads(net.dense(x, "dense", hidden), heads), permutation));
    const [query, key, value] = [
      projected("query", [0, 2, 1, 3]),
      projected("key", [0, 2, 3, 1]),
      projected("value", [0, 2, 1, 3]),
    ];
    const scores = net.softmax(net.scale(net.matmul(query, key, "scores"), 1 / Math.sqrt(hidden / heads)));
    const context = net.mergeHeads(net.transpose(net.matmul(scores, value, "context"), [0, 2, 1, 3]));
    return net.layerNorm(net.plus(net.dense(context, "output", hidden), x), "norm");
  });
}

function feedForward(net: NetworkBuilder, x: Value, hidden: number): Value {
  return net.scope("feed_forward", () => {
    const wide = net.activation(net.dense(x, "up", 4 * hidden), "gelu");
    return net.layerNorm(net.plus(net.dense(wide, "down", hidden), x), "norm");
  });
}
