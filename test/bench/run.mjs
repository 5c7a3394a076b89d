// npm run bench [-- --only NAME]: installs, builds, and measures. Exit code 1 if a limit is missed.
import { spawnSync } from "node:child_process";
import { ROOT, installPackages } from "../../install.mjs";

installPackages();
for (const args of [
  ["build.mjs", "--production"],
  ["--import", "tsx", "test/bench/bench.ts", ...process.argv.slice(2)],
]) {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
