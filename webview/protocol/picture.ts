/** A sample as the page draws it. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, opaque, row by row: base64 of the bytes of an ImageData. */
  readonly rgba: string;
}
