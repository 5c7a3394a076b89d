/** A `.npy` file: NumPy Enhancement Proposal 1. */
export function npyFile(descr: string, shape: readonly number[], data: Uint8Array, order = "False"): Uint8Array {
  const tuple = shape.length === 1 ? `${shape.join()},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${tuple}), }`;
  const padded = `${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`;
  const head = Buffer.alloc(10);
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(padded.length, 8);
  return Buffer.concat([head, Buffer.from(padded, "latin1"), data]);
}

export function bytesOf(array: Float32Array | Int16Array | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
