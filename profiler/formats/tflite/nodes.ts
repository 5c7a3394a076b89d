import { ownEntry } from "../../own-entry.ts";
import type { Attribute, Body } from "../../model/model.ts";
import type { ByteRange, CustomOptions } from "./custom-options.ts";
import { optionAttributes } from "./options.ts";
import {
  BuiltinOperator,
  unionToBuiltinOptions,
  unionToBuiltinOptions2,
  type Operator,
  type OperatorCode,
} from "./schema/generated/schema_generated.ts";
import type { TableBuffer } from "./table-buffer.ts";
import { text } from "./tensors.ts";

/** What operators of one code have in common. */
export interface Code {
  readonly domain: "" | "custom";
  readonly op: string;
  readonly version: number;
}

/** An operator as its table has it; bodies are still numbers of subgraphs. */
export interface OperatorRead extends Code {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly bodies: readonly BodyReference[];
}

export interface BodyReference {
  readonly role: Body["role"];
  readonly label: string;
  readonly subgraph: number;
}

interface BodyOption {
  readonly option: string;
  readonly role: Body["role"];
  readonly label: string;
}

const LOOP: readonly BodyOption[] = [
  { option: "cond_subgraph_index", role: "condition", label: "condition" },
  { option: "body_subgraph_index", role: "loop", label: "body" },
];

const REGION: readonly BodyOption[] = [{ option: "body_subgraph_index", role: "region", label: "body" }];

/** Options that name subgraphs, in the order of the node's bodies. */
const BODY_OPTIONS: Readonly<Record<string, readonly BodyOption[]>> = {
  IF: [
    { option: "then_subgraph_index", role: "then", label: "then" },
    { option: "else_subgraph_index", role: "else", label: "else" },
  ],
  WHILE: LOOP,
  STABLEHLO_WHILE: LOOP,
  CALL_ONCE: [{ option: "init_subgraph_index", role: "once", label: "init" }],
  CALL: [{ option: "subgraph", role: "call", label: "call" }],
  STABLEHLO_COMPOSITE: [{ option: "decomposition_subgraph_index", role: "call", label: "decomposition" }],
  STABLEHLO_CASE: [{ option: "branch_subgraph_indices", role: "then", label: "branch" }],
  STABLEHLO_REDUCE: REGION,
  STABLEHLO_REDUCE_WINDOW: REGION,
  STABLEHLO_SORT: [{ option: "comparator_subgraph_index", role: "region", label: "comparator" }],
  STABLEHLO_SCATTER: [{ option: "update_computation_subgraph_index", role: "region", label: "update" }],
};

/** Names of all these options in the schema: no other option is called so. */
export const BODY_OPTION_NAMES: ReadonlySet<string> = new Set(
  Object.values(BODY_OPTIONS).flatMap((options) => options.map(({ option }) => option)),
);

/** Builtin numbers of a schema newer than ours keep their number: such an operator becomes a row that says unknown. */
export function readCode(table: OperatorCode): Code {
  // The old field has one byte; numbers over 126 stand in the new one, and the old one then holds 127.
  const number = Math.max(table.deprecatedBuiltinCode(), table.builtinCode());
  const version = table.version();
  const names: Readonly<Record<number, string>> = BuiltinOperator;
  if (names[number] === "CUSTOM") return { domain: "custom", op: text(table.customCode()), version };
  return { domain: "", op: names[number] ?? `BUILTIN_${number}`, version };
}

/** @throws {ModelFormatError} */
export function readOperator(
  buffer: TableBuffer,
  table: Operator,
  codes: readonly Code[],
  customOptions: CustomOptions,
): OperatorRead {
  const { pages } = buffer;
  const code = codes[table.opcodeIndex()];
  if (code === undefined) {
    throw pages.error(`operator code ${table.opcodeIndex()} does not exist: the model has ${codes.length}`);
  }
  pages.place += ` (${code.op})`;
  const attributes = readAttributes(buffer, table, code, customOptions);
  return {
    ...code,
    inputs: buffer.createScalarList((index) => table.inputs(index) ?? 0, table.inputsLength()),
    outputs: buffer.createScalarList((index) => table.outputs(index) ?? 0, table.outputsLength()),
    attributes,
    bodies: bodyReferences(buffer, code, attributes),
  };
}

function readAttributes(
  buffer: TableBuffer,
  table: Operator,
  code: Code,
  customOptions: CustomOptions,
): ReadonlyMap<string, Attribute> {
  if (code.domain === "custom") {
    const range = customRange(buffer, table);
    return customOptions.attributes(code.op, range, buffer.pages.bytes(range.offset, range.length));
  }
  const second = unionToBuiltinOptions2(
    table.builtinOptions2Type(),
    (options) => table.builtinOptions2(options) as typeof options | null,
  );
  if (second !== null) return optionAttributes(second.unpack());
  const first = unionToBuiltinOptions(
    table.builtinOptionsType(),
    (options) => table.builtinOptions(options) as typeof options | null,
  );
  return first === null ? new Map() : optionAttributes(first.unpack());
}

/** Slot of custom_options in the vtable of Operator. */
const CUSTOM_OPTIONS_SLOT = 14;

/** Options are a few numbers: what is larger is data of some delegate, which nobody looks at. */
const MOST_OPTION_BYTES = 65536;

const NO_OPTIONS = { offset: 0, length: 0 };

/** In the operator's table, or outside the flatbuffer like large buffers. */
function customRange(buffer: TableBuffer, table: Operator): ByteRange {
  const outside = { offset: Number(table.largeCustomOptionsOffset()), length: Number(table.largeCustomOptionsSize()) };
  const isOutside = outside.offset > 1 && outside.length > 1;
  const range = isOutside ? outside : buffer.vectorRange(table.bb_pos, CUSTOM_OPTIONS_SLOT);
  return range === undefined || range.length > MOST_OPTION_BYTES ? NO_OPTIONS : range;
}

function bodyReferences(
  buffer: TableBuffer,
  code: Code,
  attributes: ReadonlyMap<string, Attribute>,
): readonly BodyReference[] {
  const options = code.domain === "" ? (ownEntry(BODY_OPTIONS, code.op) ?? []) : [];
  return options.flatMap(({ option, role, label }): BodyReference[] => {
    const value = attributes.get(option);
    if (typeof value === "number") return value < 0 ? [] : [{ role, label, subgraph: value }];
    if (Array.isArray(value)) {
      return value.map((subgraph, index) => ({ role, label: `${label} ${index}`, subgraph: Number(subgraph) }));
    }
    throw buffer.pages.error(`its option ${option} is missing: no subgraph to run`);
  });
}
