import assert from "node:assert/strict";
import { formatKeptRuns, parseKeptRuns } from "../../../../extension/running/kept-run-format.ts";
import { layerTimes, runResult, storedRun } from "../../webview/kept-runs.ts";

type Json = Record<string, unknown>;

describe("Kept runs as text", () => {
  const run = storedRun("run", [0.01, 0.02], {
    result: runResult([0.01, 0.02], { layers: layerTimes([["conv", 0, 0.01, [1]]], 0.001) }),
    edits: ["Fold"],
    observation: {
      roofline: "r",
      observed: {
        file: "m",
        sha256: "0",
        seconds: 1,
        groups: [{ parts: { conv: 1 }, roofline: 1e-3, operators: 1, seconds: 1 }],
      },
    },
  });

  it("come back as they were", () => {
    const runs = [run, storedRun("other", [1], { estimate: null })];
    assert.deepEqual(parseKeptRuns(formatKeptRuns(runs)), runs);
  });

  it("are none where the file holds something else", () => {
    for (const text of ["null", "{}", "1", '"runs"', "[[]]", "[null, 1, {}]"])
      assert.deepEqual(parseKeptRuns(text), []);
    assert.throws(() => parseKeptRuns("[{"), SyntaxError);
  });

  it("are passed over one by one where a field is missing or of another kind, however deep", () => {
    const fields = pathsOf(run as unknown as Json).filter((path) => !READ_BY_NOBODY.test(path.join(".")));
    assert.ok(fields.length > 50);
    for (const path of fields) {
      const damaged = damage(structuredClone(run) as unknown as Json, path);
      assert.deepEqual(
        parseKeptRuns(JSON.stringify([damaged, run])).map(({ id }) => id),
        ["run"],
        `${path.join(".")} is not looked at`,
      );
    }
  });
});

/** What is kept for people who read the file: the page does not look at it. */
const READ_BY_NOBODY = /(device\.(abis|cores|memoryBytes)|runtime\.kind|conditions\.\w+\.battery|\.reason)(\.|$)/;

/** Every place of a value, objects and lists included. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const inside = Object.entries(value).flatMap(([name, each]) => pathsOf(each, [...path, name]));
  return path.length === 0 ? inside : [path, ...inside];
}

/** Puts a function's worth of nonsense there: neither text, number, list nor null. */
function damage(value: Json, [name = "", ...rest]: readonly string[]): Json {
  value[name] = rest.length === 0 ? { not: { what: ["it", "was"] } } : damage(value[name] as Json, rest);
  return value;
}
