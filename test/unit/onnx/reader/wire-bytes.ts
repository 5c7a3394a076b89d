/** Hand-made protobuf, for what no encoder would write. */
export function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

export function tag(field: number, wire: number): number[] {
  return varint(field * 8 + wire);
}

export function delimited(field: number, bytes: ArrayLike<number> | string): number[] {
  const content = typeof bytes === "string" ? [...Buffer.from(bytes)] : Array.from(bytes);
  return [...tag(field, 2), ...varint(content.length), ...content];
}

export function integer(field: number, value: number | bigint): number[] {
  return [...tag(field, 0), ...varint(value)];
}
