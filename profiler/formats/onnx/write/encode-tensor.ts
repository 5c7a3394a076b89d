import type { Constant } from "../../../model/model.ts";
import { dataTypeCode } from "../data-types.ts";
import { MessageWriter } from "../wire/message-writer.ts";
import { bytesSegment, lengthOf, type ByteSegment } from "../../../bytes/byte-segments.ts";

/** Fields of TensorProto. */
export const TENSOR = {
  dims: 1,
  dataType: 2,
  name: 8,
  rawData: 9,
  docString: 12,
  externalData: 13,
  dataLocation: 14,
  metadata: 16,
} as const;
const EXTERNAL = 1;

/** Where a data file holds a tensor's elements. */
export interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A TensorProto with its elements inside. */
export function embeddedTensor(name: string, constant: Constant, payload: ByteSegment): readonly ByteSegment[] {
  const head = tensorHead(name, constant).head(TENSOR.rawData, payload.length);
  return [bytesSegment(head.bytes), payload];
}

/** A TensorProto whose elements stand in a data file. */
export function externalTensor(name: string, constant: Constant, place: ExternalPlace): readonly ByteSegment[] {
  const message = tensorHead(name, constant);
  for (const [key, value] of Object.entries(place)) {
    const entry = new MessageWriter().text(1, key).text(2, String(value));
    message.message(TENSOR.externalData, entry.bytes);
  }
  return [bytesSegment(message.int(TENSOR.dataLocation, EXTERNAL).bytes)];
}

function tensorHead(name: string, { dataType, shape }: Constant): MessageWriter {
  const message = new MessageWriter();
  for (const size of shape) message.int(TENSOR.dims, size);
  return message.int(TENSOR.dataType, dataTypeCode(dataType)).text(TENSOR.name, name);
}

/** A field with a length: its tag, the length and the value. */
export function fieldSegments(field: number, value: readonly ByteSegment[]): readonly ByteSegment[] {
  return [bytesSegment(new MessageWriter().head(field, lengthOf(value)).bytes), ...value];
}
