import { isConstant, type Attribute, type Node } from "../../../model/model.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import { MessageWriter } from "../wire/message-writer.ts";

/** Fields of NodeProto. */
export const NODE = {
  input: 1,
  output: 2,
  name: 3,
  opType: 4,
  attribute: 5,
  docString: 6,
  domain: 7,
  metadata: 9,
  devices: 10,
} as const;
const ATTRIBUTE = { name: 1, f: 2, i: 3, s: 4, floats: 7, ints: 8, strings: 9, type: 20 } as const;

/** AttributeProto.AttributeType */
const TYPE = { float: 1, int: 2, string: 3, floats: 6, ints: 7, strings: 8 } as const;

/** Attributes whose numbers are floats; a number alone does not tell. Those of the operators that are written. */
const FLOATS: ReadonlySet<string> = new Set([
  ...["alpha", "beta", "epsilon", "max", "min", "value"],
  ...["activation_alpha", "activation_beta", "clip"],
]);

/**
 * A NodeProto. `names` gives the tensors' names by id.
 * @throws {LoweringError} for an attribute that no written operator has (a tensor)
 */
export function encodeNode(node: Node, names: (id: number) => string): Uint8Array {
  const message = new MessageWriter();
  for (const id of node.inputs) message.text(NODE.input, names(id));
  for (const id of node.outputs) message.text(NODE.output, names(id));
  if (node.name !== "") message.text(NODE.name, node.name);
  message.text(NODE.opType, node.op);
  for (const [name, value] of node.attributes) message.message(NODE.attribute, encodeAttribute(name, value, node));
  if (node.domain !== "") message.text(NODE.domain, node.domain);
  return message.bytes;
}

function encodeAttribute(name: string, value: Attribute, { op }: Node): Uint8Array {
  const message = new MessageWriter().text(ATTRIBUTE.name, name);
  const isFloat = FLOATS.has(name);
  if (typeof value === "string") return message.text(ATTRIBUTE.s, value).int(ATTRIBUTE.type, TYPE.string).bytes;
  if (typeof value === "number" || typeof value === "boolean") {
    if (isFloat) return message.float(ATTRIBUTE.f, Number(value)).int(ATTRIBUTE.type, TYPE.float).bytes;
    return message.int(ATTRIBUTE.i, Number(value)).int(ATTRIBUTE.type, TYPE.int).bytes;
  }
  if (isConstant(value)) throw new LoweringError(`attribute ${name} of a new ${op} is a tensor, which is not written`);
  for (const element of value) {
    if (typeof element === "string") message.text(ATTRIBUTE.strings, element);
    else if (isFloat) message.float(ATTRIBUTE.floats, element);
    else message.int(ATTRIBUTE.ints, element);
  }
  const isText = typeof value[0] === "string";
  return message.int(ATTRIBUTE.type, isText ? TYPE.strings : isFloat ? TYPE.floats : TYPE.ints).bytes;
}
