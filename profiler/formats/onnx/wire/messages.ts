import protobuf from "protobufjs/minimal.js";
import { ModelFormatError } from "../../../errors.ts";

const { Reader } = protobuf;

/**
 * Decodes a message that was scanned before.
 * @throws {ModelFormatError} when it cannot be decoded after all
 */
export function decodeMessage<Message>(
  file: string,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => Message,
): Message {
  try {
    return decode(bytes);
  } catch (error) {
    throw undecodable(file, error);
  }
}

/** Decodes one message of this many bytes, where the reader stands. */
type DecodeNext<Message> = (reader: protobuf.Reader, length: number) => Message;

/**
 * Messages of a list, decoded as one walks over them: each can be forgotten before the next is made. Can be walked over again; a
 * message that cannot be decoded throws as above.
 */
export function messagesOf<Message>(file: string, list: Uint8Array, decode: DecodeNext<Message>): Iterable<Message> {
  return { [Symbol.iterator]: () => decodeEach(file, list, decode) };
}

function* decodeEach<Message>(file: string, list: Uint8Array, decode: DecodeNext<Message>): Generator<Message> {
  const reader = Reader.create(list);
  try {
    while (reader.pos < reader.len) {
      reader.uint32(); // the tag, the same for all
      yield decode(reader, reader.uint32());
    }
  } catch (error) {
    throw undecodable(file, error);
  }
}

function undecodable(file: string, error: unknown): ModelFormatError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ModelFormatError(file, "a message", `expected protobuf that can be decoded: ${reason}`, { cause: error });
}
