import { build } from "esbuild";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../install.mjs";

const SUITE = join(ROOT, "test/vscode/in-host");
/** Inside the repository, so that the bundles find Mocha. */
const BUNDLES = join(ROOT, ".vscode-test/in-host");

/**
 * Bundles the in-host suite for an extension host, which loads JavaScript only.
 * @returns the path of the module that exports run()
 */
export async function bundleSuite(): Promise<string> {
  rmSync(BUNDLES, { recursive: true, force: true });
  const tests = readdirSync(SUITE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".test.ts"));
  await build({
    absWorkingDir: SUITE,
    entryPoints: ["run.ts", ...tests],
    outdir: BUNDLES,
    outbase: SUITE,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20.19",
    external: ["vscode", "mocha"],
    sourcemap: "inline",
    logLevel: "warning",
  });
  return join(BUNDLES, "run.cjs");
}

/** A workspace folder for one run, without models; delete it afterwards. */
export function makeWorkspace(): string {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-workspace-"));
  writeFileSync(join(folder, "README.md"), "# Workspace of a test\n");
  return folder;
}

/** What the suite reads in an extension host. */
export function suiteEnvironment(): Record<string, string> {
  return {
    EDGEWISE_TEST_ROOT: ROOT,
    EDGEWISE_TEST_REPORT: process.env.EDGEWISE_TEST_REPORT ?? "",
    EDGEWISE_TEST_GREP: process.env.EDGEWISE_TEST_GREP ?? "",
  };
}
