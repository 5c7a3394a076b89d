export declare const OUTSIDE = -1;

/** Which elements of a tensor rows are made of: a row has `taps` of each channel. */
export interface RowPlaces {
  /** The sample that each row is of. */
  readonly samples: Int32Array;
  /** Rows × taps: elements from where its channel of its sample begins, or OUTSIDE. */
  readonly offsets: Int32Array;
  readonly taps: number;
  readonly channels: number;
  /** Elements from one channel to the next. */
  readonly channelStep: number;
  /** Elements of a sample. */
  readonly sampleLength: number;
  /** A channel's elements lie together. */
  readonly isByChannel: boolean;
}

export declare function gatherRows(data: Float32Array, places: RowPlaces, rows: Float32Array): void;

export declare function centreColumns(rows: Float32Array, columns: number): Float32Array;
