import { stat } from "node:fs/promises";
import { readWholeFile } from "../bytes/whole-file.ts";
import { decodePicture } from "./decode-picture.ts";
import { fitted, type PictureFit } from "./fit-picture.ts";
import { withChannels, type Picture } from "./picture.ts";
import type { ImageFolderSpec } from "./spec.ts";

/** Bytes: 256 pictures of 224×224 in colour are 39 MB. What is more is decoded anew, the longest unused first. */
const MOST_REMEMBERED = 2 ** 26;

/** How pictures are brought to an input. */
export interface FittedSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly fit: PictureFit & Pick<ImageFolderSpec, "upright">;
}

type Remembered = Omit<Picture, "data"> & { readonly data: Uint8Array | Float32Array };

/**
 * Pictures in the size that a model takes. A search reads the same samples hundreds of times, and decoding and resizing took half of its
 * time: those read last are remembered, as long as their files stay as they are.
 */
export class FittedPictures {
  readonly #remembered = new Map<string, Remembered>();
  #bytes = 0;

  constructor(private readonly most = MOST_REMEMBERED) {}

  /** @throws {CalibrationError} when it is no picture that can be decoded @throws {FileAccessError} when it cannot be read */
  async read(path: string, { height, width, channels, fit }: FittedSize): Promise<Picture> {
    const { upright, resize, crop, pad, antialias, filter } = fit;
    const key = await keyOf(path, [height, width, channels, upright, resize, crop, pad, antialias, filter]);
    const known = key === undefined ? undefined : this.#remembered.get(key);
    if (key !== undefined && known !== undefined) {
      this.#remembered.delete(key);
      this.#remembered.set(key, known);
      return { ...known, data: Float32Array.from(known.data) };
    }
    const decoded = await decodePicture(path, await readWholeFile(path), upright);
    const picture = fitted(withChannels(decoded, channels), height, width, fit);
    if (key !== undefined) this.#remember(key, { ...picture, data: packed(picture.data) });
    return picture;
  }

  /** How many are remembered, and in how many bytes. */
  get state(): { readonly count: number; readonly bytes: number } {
    return { count: this.#remembered.size, bytes: this.#bytes };
  }

  #remember(key: string, picture: Remembered): void {
    this.#bytes += picture.data.byteLength - (this.#remembered.get(key)?.data.byteLength ?? 0);
    this.#remembered.set(key, picture);
    for (const [oldest, { data }] of this.#remembered) {
      if (this.#bytes <= this.most) return;
      this.#remembered.delete(oldest);
      this.#bytes -= data.byteLength;
    }
  }
}

/** Of a file as it is now; undefined where there is none, which reading it will say. */
async function keyOf(path: string, how: readonly unknown[]): Promise<string | undefined> {
  const about = await stat(path, { bigint: true }).catch(() => undefined);
  return about && JSON.stringify([path, `${about.mtimeNs} ${about.ctimeNs} ${about.size} ${about.ino}`, ...how]);
}

/** A copy, which nobody else writes to: of a quarter of the size where all are whole numbers, as resizing leaves them. */
function packed(data: Float32Array): Uint8Array | Float32Array {
  return data.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)
    ? Uint8Array.from(data)
    : data.slice();
}
