import { RunError, type EdgewiseError } from "../../errors.ts";
import { BuiltinOperator } from "../../formats/tflite/schema/generated/schema_generated.ts";

/** TFLite's words for a number that its table of operators ends before. */
const OUT_OF_RANGE = /Op builtin_code out of range: (\d+)\./g;
/** And for a version that it does not know of one that it does. */
const UNKNOWN_VERSION = /Didn't find op for builtin opcode '(\w+)' version '(\d+)'/g;
/** And for an operator that somebody else's compiler or library invented. */
const CUSTOM = /Encountered unresolved custom op: ([^.;]+)\./g;
const WITH_CUSTOM = "A benchmark_model that was built with that operator runs it (--benchmark-model)";

/**
 * What is told of a model that this TFLite does not run: operators newer than it by their names, else its own words.
 * @param instead what else could run it
 */
export function refusalOf(error: EdgewiseError, version: string, instead: string): RunError {
  const { message } = error;
  const custom = [...new Set([...message.matchAll(CUSTOM)].map(([, name]) => name))];
  if (custom.length > 0)
    return new RunError(`TFLite ${version} has no ${custom.join(", ")}, which the model has as a custom operator`, {
      ...(instead !== "" && { hint: WITH_CUSTOM }),
      cause: error,
    });
  const hinted = instead === "" ? {} : { hint: instead };
  const unknown = [...message.matchAll(OUT_OF_RANGE)].map(
    ([, code]) => BuiltinOperator[Number(code)] ?? `number ${code}`,
  );
  const newer = [...message.matchAll(UNKNOWN_VERSION)].map(([, name, of]) => `${name} (version ${of})`);
  const names = [...new Set([...unknown, ...newer])];
  if (names.length === 0) return new RunError(message, { ...hinted, cause: error });
  const operators = names.length === 1 ? "an operator" : "operators";
  return new RunError(`TFLite ${version} of 2022 does not know ${operators} of the model: ${names.join(", ")}`, {
    ...hinted,
    cause: error,
  });
}
