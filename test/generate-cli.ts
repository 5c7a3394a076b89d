import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../install.mjs";
import { commandLinePage } from "./cli-page.ts";

/** Writes the page of the command line from the commands. */
writeFileSync(join(ROOT, "docs/command-line.md"), await commandLinePage());
