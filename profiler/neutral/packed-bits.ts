/** A part of the bits of each number. */
export interface BitPlane {
  /** 1, 2, 4 or 8: so many fill a byte without a rest. */
  readonly bits: number;
  /** Bits of the number below it. */
  readonly shift: number;
}

/** How numbers of so many bits are stored without a loss of space: 3 bits are 2 and 1, 6 are 4 and 2; 7 take a byte. */
export function bitPlanes(bits: number): readonly BitPlane[] {
  if (bits >= 7) return [{ bits: 8, shift: 0 }];
  const planes: BitPlane[] = [];
  let shift = 0;
  for (const width of [1, 2, 4]) {
    if ((bits & width) === 0) continue;
    planes.push({ bits: width, shift });
    shift += width;
  }
  return planes;
}

/** Bytes of `count` numbers of a plane. */
export function packedLength(bits: number, count: number): number {
  return Math.ceil((count * bits) / 8);
}

/** Numbers of `bits` bits above `shift`, the first in the lowest bits of a byte. */
export function packed(bits: number, shift: number, numbers: Uint8Array): Uint8Array {
  const each = 8 / bits;
  const mask = 2 ** bits - 1;
  const bytes = new Uint8Array(packedLength(bits, numbers.length));
  for (let at = 0; at < numbers.length; at += 1) {
    const byte = Math.floor(at / each);
    bytes[byte] = (bytes[byte] ?? 0) | ((((numbers[at] ?? 0) >> shift) & mask) << (bits * (at % each)));
  }
  return bytes;
}

/** Bytes of numbers of so many bits, all planes. */
export function storedLength(bits: number, count: number): number {
  return bitPlanes(bits).reduce((sum, plane) => sum + packedLength(plane.bits, count), 0);
}
