// Preloaded into a process that is measured (`node --import`): says at its end how much memory it took at most.
import { writeFileSync } from "node:fs";

process.on("exit", () => {
  // maxRSS is in kilobytes on every platform.
  writeFileSync(process.env.EDGEWISE_USAGE, String(process.resourceUsage().maxRSS * 1024));
});
