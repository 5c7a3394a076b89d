import type { Network } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

/** A single dense layer without bias: `inner` × `out` weights, and as many MACs. */
export function oneDense(inner: number, out: number): Network {
  const net = new NetworkBuilder();
  const x = net.flatten(net.image(inner, 1));
  return net.finish(`dense_${inner}x${out}`, net.dense(x, "fc", out, false));
}
