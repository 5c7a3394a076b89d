import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The entry that VS Code calls in its extension host, on a desktop and in the npm-hosted one alike.
 * @throws {Error} when a test failed; the report says which
 */
export async function run(): Promise<void> {
  const root = process.env.EDGEWISE_TEST_ROOT;
  if (root === undefined) throw new Error("EDGEWISE_TEST_ROOT must name the repository");
  // Mocha is an ES module, which no bundle for CommonJS can hold.
  const { default: Mocha } = await import("mocha");
  const reporter = (await import(pathToFileURL(join(root, "test/reporter.mjs")).href)) as {
    default: Mocha.ReporterConstructor;
  };
  const grep = process.env.EDGEWISE_TEST_GREP;
  const mocha = new Mocha({ ui: "bdd", timeout: 60_000, reporter: reporter.default, ...(grep ? { grep } : {}) });
  const tests = readdirSync(__dirname, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".test.cjs"),
  );
  for (const file of tests) mocha.addFile(join(__dirname, file));
  await mocha.loadFilesAsync();
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
