import { runTests } from "@vscode/test-electron";
import { rmSync } from "node:fs";
import { ROOT } from "../../../install.mjs";
import { bundleSuite, makeWorkspace, suiteEnvironment } from "./in-host-suite.ts";

/** `npm run test:desktop`: the in-host suite in a desktop VS Code, which is downloaded. EDGEWISE_VSCODE names a version. */

const workspace = makeWorkspace();
try {
  await runTests({
    extensionDevelopmentPath: ROOT,
    extensionTestsPath: await bundleSuite(),
    extensionTestsEnv: suiteEnvironment(),
    launchArgs: [workspace, "--disable-extensions", "--disable-workspace-trust"],
    ...(process.env.EDGEWISE_VSCODE === undefined ? {} : { version: process.env.EDGEWISE_VSCODE }),
  });
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
