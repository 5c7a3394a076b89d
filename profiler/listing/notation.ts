import type { Dimension } from "../model/shape.ts";
import { SizeExpression } from "../model/size-expression.ts";
import type { LayerTensor } from "../layers/layer.ts";
import { isConstant, type Attribute, type DeclaredDimension, type Tensor } from "../model/model.ts";

/**
 * How names, types and attributes are written: after ONNX's textual syntax (onnx/docs/Syntax.md), with Edgewise's names of the element
 * types, and names as exporters make them (`/layer1/Conv`) left without quotes.
 */

/** A line shows what a setting is, not a table. */
const LISTED_NUMBERS = 16;

/** A string attribute can hold a whole program. */
const LONGEST_TEXT = 120;

const BARE = /^[\p{L}_/][\p{L}\p{N}_./:@$-]*$/u;

/** What no line may hold as it is: quotes, and characters that an editor would obey or hide. */
const ESCAPED = /["\\\p{C}\u2028\u2029]/gu;

/** A name as it is where it cannot be taken for anything else, else in quotes. */
export function nameText(name: string): string {
  return BARE.test(name) && !name.includes("//") ? name : quoted(name);
}

export function quoted(text: string): string {
  return `"${text.replace(ESCAPED, escapeOf)}"`;
}

function escapeOf(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  if (character === "\n") return "\\n";
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}

/** Type of a tensor: as inferred where it was, else as the file says it. "float32[1,3]"; of unknown rank "float32[]"; a scalar "float32". */
export function typeText(tensor: Tensor | undefined, inferred: LayerTensor | undefined): string {
  const { constant, declared } = tensor ?? {};
  const type = inferred?.dataType ?? constant?.dataType ?? declared?.dataType ?? "?";
  const shape = inferred?.shape ?? constant?.shape ?? declared?.shape;
  const container = inferred?.container ?? declared?.container;
  const whole = type + shapeText(shape);
  return container === undefined ? whole : `${container}(${whole})`;
}

function shapeText(shape: readonly (DeclaredDimension | Dimension)[] | undefined): string {
  if (shape === undefined) return "[]";
  return shape.length === 0 ? "" : `[${shape.map(sizeText).join(",")}]`;
}

function sizeText(declared: DeclaredDimension | Dimension): string {
  if (declared === null) return "?";
  const size = declared instanceof SizeExpression ? declared.toString() : declared;
  if (typeof size === "object") return String(size.example);
  return typeof size === "number" ? String(size) : size.replace(ESCAPED, escapeOf);
}

/** `<kernel_shape = [3, 3], auto_pad = "SAME_UPPER">`; nothing for a node without attributes. */
export function attributesText(attributes: ReadonlyMap<string, Attribute>): string {
  if (attributes.size === 0) return "";
  return `<${[...attributes].map(([name, value]) => `${nameText(name)} = ${attributeText(value)}`).join(", ")}>`;
}

function attributeText(value: Attribute): string {
  if (typeof value === "string") return quoted(shortened(value));
  if (typeof value === "number") return numberText(value);
  if (typeof value === "boolean") return String(value);
  if (!isConstant(value)) return `[${listText<number | string>(value, itemText)}]`;
  const values = value.values === undefined ? "…" : listText(value.values, numberText);
  return `${value.dataType}${shapeText(value.shape)} {${values}}`;
}

function itemText(item: number | string): string {
  return typeof item === "number" ? numberText(item) : quoted(shortened(item));
}

function listText<T>(items: readonly T[], text: (item: T) => string): string {
  const listed = items.slice(0, LISTED_NUMBERS).map(text);
  return [...listed, ...(items.length > listed.length ? ["…"] : [])].join(", ");
}

/** Attributes are stored as float32: 0.1 is 0.1, not 0.10000000149. */
function numberText(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(7)));
}

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
