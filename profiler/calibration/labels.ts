import { ownEntry } from "../own-entry.ts";
import { readTextFile } from "../bytes/whole-file.ts";
import { basename, extname } from "node:path";
import { parse as parseCsv } from "csv-parse/sync";
import * as v from "valibot";
import { FileSource } from "../bytes/file-source.ts";
import { CalibrationError } from "../errors.ts";
import { bytesOf } from "../model/data-type.ts";
import { decodeRaw } from "../model/raw-elements.ts";
import { elementsOf } from "../model/shape.ts";
import { parseJson } from "../outside-data.ts";
import { readNpyHeader } from "./npy.ts";
import type { LabelSpec } from "./spec.ts";

/** Columns that hold labels by their usual names, where a CSV file has a header. */
const LABEL_COLUMNS = ["label", "labels", "class", "target", "y"];

type Read = (spec: LabelSpec, files: readonly string[] | undefined) => Promise<readonly number[]>;

const READERS: Readonly<Record<string, Read>> = {
  ".npy": fromNpy,
  ".txt": fromText,
  ".json": fromJson,
  ".csv": fromCsv,
};

/**
 * The class of each sample.
 * @param files names of the samples, where they are files: a CSV may list them in any order
 * @throws {CalibrationError} when the file holds no labels, or not one for each sample
 */
export async function readLabels(
  spec: LabelSpec,
  count: number,
  files?: readonly string[],
): Promise<readonly number[]> {
  const read = ownEntry(READERS, extname(spec.path).toLowerCase());
  if (read === undefined)
    throw new CalibrationError(`${spec.path}: expected labels in one of ${Object.keys(READERS).join(", ")}`);
  const labels = await read(spec, files);
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0);
  if (wrong >= 0)
    throw new CalibrationError(
      `${spec.path}: label ${wrong} is ${labels[wrong] ?? ""}: expected the number of a class, from 0`,
    );
  if (labels.length !== count)
    throw new CalibrationError(`${spec.path}: expected ${count} labels, one for each sample, not ${labels.length}`);
  return labels;
}

async function fromNpy({ path }: LabelSpec): Promise<readonly number[]> {
  const source = await FileSource.open(path);
  try {
    const { dataType, shape, offset } = await readNpyHeader(source);
    const count = elementsOf(shape) ?? 0;
    return decodeRaw(dataType, await source.read(offset, bytesOf(dataType, count) ?? 0), count) ?? [];
  } finally {
    await source.close();
  }
}

async function fromText({ path }: LabelSpec): Promise<readonly number[]> {
  const words = (await readText(path)).split(/\s+/).filter((word) => word !== "");
  return words.map(Number);
}

async function fromJson({ path, key }: LabelSpec): Promise<readonly number[]> {
  const text = await readText(path);
  const value = parseJson(text, (_, cause) => new CalibrationError(`${path}: expected JSON`, { cause }));
  const members = v.is(v.array(v.unknown()), value) ? { labels: value } : v.is(v.looseObject({}), value) ? value : {};
  const lists = Object.entries(members).filter((member): member is [string, number[]] => isNumbers(member[1]));
  const [only] = lists;
  const chosen =
    lists.find(([name]) => name === (key ?? "labels")) ?? (key === undefined && lists.length === 1 ? only : undefined);
  if (chosen !== undefined) return chosen[1];
  const choice = lists.length === 0 ? "it has none" : `it has ${lists.map(([name]) => name).join(", ")}`;
  throw new CalibrationError(
    `${path}: expected a list of numbers${key === undefined ? "" : ` called "${key}"`}: ${choice}`,
    { hint: lists.length > 1 ? "Say which with key=NAME." : undefined },
  );
}

function isNumbers(value: unknown): value is number[] {
  return v.is(v.array(v.number()), value);
}

async function fromCsv({ path, key }: LabelSpec, files: readonly string[] | undefined): Promise<readonly number[]> {
  const rows = parseRows(path, await readText(path));
  const [head = []] = rows;
  const column = columnOf(path, head, key);
  const hasHeader = Number.isNaN(Number(head[column]));
  const body = hasHeader ? rows.slice(1) : rows;
  const labels = body.map((row) => (row[column]?.trim() ? Number(row[column]) : Number.NaN));
  const byFile = new Map(body.map((row, index) => [basename(row[0] ?? ""), labels[index] ?? Number.NaN]));
  const isByFile = files?.every((file) => byFile.has(basename(file))) ?? false;
  return isByFile && files ? files.map((file) => byFile.get(basename(file)) ?? Number.NaN) : labels;
}

function parseRows(path: string, text: string): readonly (readonly string[])[] {
  try {
    return parseCsv(text, { bom: true, skipEmptyLines: true, relaxColumnCount: true });
  } catch (cause) {
    throw new CalibrationError(`${path}: expected comma-separated values`, { cause });
  }
}

function columnOf(path: string, head: readonly string[], key: string | undefined): number {
  const names = head.map((name) => name.trim().toLowerCase());
  if (key === undefined) {
    const usual = names.findIndex((name) => LABEL_COLUMNS.includes(name));
    return usual >= 0 ? usual : Math.max(0, names.length - 1);
  }
  const column = names.indexOf(key.toLowerCase());
  if (column >= 0) return column;
  throw new CalibrationError(`${path}: expected a column called "${key}": it has ${head.join(", ")}`);
}

function readText(path: string): Promise<string> {
  return readTextFile(path, (cause) => new CalibrationError((cause as Error).message, { cause }));
}
