import { BYTES, FIELDS, FIXED32, FIXED64, VARINT, type MessageName } from "../../profiler/formats/onnx/wire/fields.ts";
import { ONNX_OPERATORS } from "../../profiler/formats/onnx/operators/index.ts";
import { NAMES, NUMBERS, type Chances } from "./chances.ts";

/** A message of protobuf as a tree: the reader's own table says what its fields hold. */
interface Field {
  number: number;
  wire: number;
  value: bigint | Uint8Array | Message;
}

interface Message {
  readonly name: MessageName;
  fields: Field[];
}

const NO_GROUPS = new Set<number>([VARINT, FIXED64, BYTES, FIXED32]);
const UTF8 = new TextEncoder();
const MOST_VALUES = 64;

/** Each operator comes to stand where another stood: its rule meets inputs and attributes that it does not expect. */
const OPERATORS = [...ONNX_OPERATORS.values()].flatMap((rules) => Object.keys(rules)).map((name) => UTF8.encode(name));
const OPERATOR_FIELD = 4;

interface Parsed {
  readonly root: Message;
  readonly messages: readonly Message[];
}

/** Files of the corpus, which are changed in copies. */
const parsed = new WeakMap<Uint8Array, Parsed>();

function parsedOnce(bytes: Uint8Array): Parsed {
  const known = parsed.get(bytes);
  if (known !== undefined) return known;
  const root = parse("ModelProto", bytes);
  const made = { root, messages: messagesIn(root) };
  parsed.set(bytes, made);
  return made;
}

/** Changes a model's structure in a few places: fields that go, come twice, change places, are another's, or hold other values. */
export function mutateOnnx(bytes: Uint8Array, donor: Uint8Array, chances: Chances): Uint8Array {
  const model = copyOfMessage(parsedOnce(bytes).root);
  const others = parsedOnce(donor).messages;
  const changes = 1 + chances.below(chances.happens(0.2) ? 20 : 4);
  for (let change = 0; change < changes; change += 1) {
    const all = messagesIn(model).filter(({ fields }) => fields.length > 0);
    if (all.length === 0) break;
    mutateMessage(chances.of(all), all, others, chances);
  }
  const result = encode(model);
  return chances.happens(0.1) ? withOtherBytes(result, chances) : result;
}

function mutateMessage(message: Message, own: readonly Message[], others: readonly Message[], chances: Chances): void {
  const { fields } = message;
  const at = chances.below(fields.length);
  const field = fields[at];
  if (field === undefined) return;
  const alike = (list: readonly Message[]): readonly Field[] =>
    list
      .filter(({ name }) => name === message.name)
      .flatMap((each) => each.fields.filter(({ number }) => number === field.number));
  switch (chances.below(9)) {
    case 0:
      fields.splice(at, 1);
      return;
    case 1:
      fields.splice(at, 0, copyOf(field));
      return;
    case 2: {
      const other = chances.below(fields.length);
      [fields[at], fields[other]] = [fields[other] ?? field, field];
      return;
    }
    case 3:
    case 4: {
      const donors = alike(chances.happens(0.7) ? own : others);
      if (donors.length > 0) fields[at] = copyOf(chances.of(donors));
      return;
    }
    case 5:
      field.number = chances.happens(0.5)
        ? chances.of(Object.keys(FIELDS[message.name]).map(Number)) || 1
        : 1 + chances.below(30);
      return;
    case 6: {
      // Many of one kind: what is quadratic shows.
      const copies = chances.of([2, 8, 50]);
      fields.splice(at, 0, ...Array.from({ length: copies }, () => copyOf(field)));
      return;
    }
    default:
      mutateValue(message, field, own, chances);
  }
}

function mutateValue({ name }: Message, field: Field, own: readonly Message[], chances: Chances): void {
  if (typeof field.value === "bigint") {
    field.value = chances.happens(0.2)
      ? BigInt(chances.of([2 ** 53, 2 ** 62, -(2 ** 63)]))
      : BigInt(chances.of(NUMBERS));
    return;
  }
  if (!(field.value instanceof Uint8Array)) return;
  if (name === "NodeProto" && field.number === OPERATOR_FIELD && chances.happens(0.8)) {
    field.value = chances.of(OPERATORS);
    return;
  }
  switch (chances.below(5)) {
    case 0:
      field.value = UTF8.encode(chances.of(NAMES));
      return;
    case 1: {
      const texts = chances.of(own).fields.flatMap(({ value }) => (value instanceof Uint8Array ? [value] : []));
      if (texts.length > 0) field.value = chances.of(texts);
      return;
    }
    case 2:
      field.value = field.value.slice(0, chances.below(field.value.length + 1));
      return;
    case 3:
      field.value = withOtherBytes(field.value, chances);
      return;
    default:
      // Numbers of a list, packed: sizes, axes, pads.
      field.value = Uint8Array.from(
        Array.from({ length: 1 + chances.below(MOST_VALUES) }, () => varint(BigInt(chances.of(NUMBERS)))).flat(),
      );
  }
}

/** Some bytes are others. */
export function withOtherBytes(bytes: Uint8Array, chances: Chances): Uint8Array {
  const result = Uint8Array.from(bytes);
  if (result.length === 0) return result;
  for (let change = 1 + chances.below(8); change > 0; change -= 1)
    result[chances.below(result.length)] = chances.happens(0.5)
      ? chances.below(256)
      : chances.of([0, 1, 127, 128, 255]);
  return result;
}

function messagesIn(message: Message, found: Message[] = []): readonly Message[] {
  found.push(message);
  for (const { value } of message.fields) if (typeof value === "object" && "fields" in value) messagesIn(value, found);
  return found;
}

function copyOf(field: Field): Field {
  const { value } = field;
  if (typeof value === "bigint" || value instanceof Uint8Array) return { ...field };
  return { ...field, value: copyOfMessage(value) };
}

function copyOfMessage({ name, fields }: Message): Message {
  return { name, fields: fields.map(copyOf) };
}

/** What cannot be read as fields stays bytes: a mutant of a mutant may be broken. */
function parse(name: MessageName, bytes: Uint8Array): Message {
  const fields: Field[] = [];
  let at = 0;
  const next = (): bigint => {
    let [value, shift] = [0n, 0n];
    for (let byte = 128; byte >= 128 && at < bytes.length; shift += 7n) {
      byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 127) << shift;
    }
    return BigInt.asUintN(64, value);
  };
  while (at < bytes.length) {
    const tag = Number(next());
    const [number, wire] = [tag >>> 3, tag & 7];
    if (!NO_GROUPS.has(wire)) break;
    if (wire === VARINT) fields.push({ number, wire, value: next() });
    else {
      const length = wire === BYTES ? Number(next()) : wire === FIXED64 ? 8 : 4;
      const content = bytes.subarray(at, at + length);
      at += length;
      const rule = FIELDS[name][number];
      fields.push({
        number,
        wire,
        value: rule?.kind === "message" && wire === BYTES ? parse(rule.message, content) : content,
      });
    }
  }
  return { name, fields };
}

function encode(message: Message): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { number, wire, value } of message.fields) {
    parts.push(Uint8Array.from(varint(BigInt(number * 8 + wire))));
    if (typeof value === "bigint") parts.push(Uint8Array.from(varint(value)));
    else {
      const content = value instanceof Uint8Array ? value : encode(value);
      if (wire === BYTES) parts.push(Uint8Array.from(varint(BigInt(content.length))));
      parts.push(content);
    }
  }
  return Buffer.concat(parts);
}

function varint(value: bigint): number[] {
  const result: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) result.push(Number(rest & 127n) | 128);
  return [...result, Number(rest)];
}
