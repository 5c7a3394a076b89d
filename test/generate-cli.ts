import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../install.mjs";
import { commandLinePage, withOptions } from "./cli-page.ts";

const README = join(ROOT, "README.md");

/** Writes the page of the command line from the commands, and their options into the README. */
writeFileSync(join(ROOT, "docs/command-line.md"), await commandLinePage());
writeFileSync(README, withOptions(readFileSync(README, "utf8")));
