// npm test: installs what is missing, runs every check and test, and ends with the line "N passed, N failed".
// `npm test -- --only build|unit|types|lint|format|phone|vscode [--grep TEXT]` runs a part of it.
import { availableParallelism } from "node:os";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { installPackages } from "../install.mjs";
import { BUILD, IN_VSCODE, SIDE_BY_SIDE, WINDOWS } from "./checks.mjs";

/** These read nothing that the build writes. */
const WITHOUT_BUILD = new Set(["types", "lint", "format"]);

const { values: options } = parseArgs({ options: { only: { type: "string" }, grep: { type: "string", default: "" } } });
const known = [...new Set([BUILD, ...SIDE_BY_SIDE, ...IN_VSCODE].map(({ id }) => id))];
if (options.only && !known.includes(options.only)) {
  console.error(`--only takes one of: ${known.join(", ")}`);
  process.exit(2);
}
const isWanted = ({ id }) => options.only === undefined || options.only === id;

installPackages();
const results = [];
if (!WITHOUT_BUILD.has(options.only)) results.push(await report(BUILD));
const isBuilt = results.every(({ failed }) => failed === 0);
await inLanes(SIDE_BY_SIDE.filter(isWanted), IN_VSCODE.filter(isWanted).map(isBuilt ? (suite) => suite : withoutBuild));
finish();

function withoutBuild({ title, skip }) {
  return { title, run: () => skip("the build failed") };
}

/** Two at a time, windows too while one of the other checks is under way, so that no core waits for it; then as many as windows are to run. */
async function inLanes(others, windows) {
  const queue = [...others, ...windows];
  const left = new Set(others);
  const lanes = [];
  const widen = (width) => {
    while (lanes.length < width) lanes.push(work());
  };
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      results.push(await report(next));
      left.delete(next);
      if (left.size === 0) widen(WINDOWS);
    }
  };
  widen(left.size === 0 ? WINDOWS : Math.min(2, availableParallelism()));
  // Those that are added meanwhile are waited for too.
  for (const lane of lanes) await lane;
}

async function report(check) {
  const start = performance.now();
  const result = await check.run(options.grep);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const mark = result.failed > 0 ? "✗" : result.passed > 0 ? "✓" : "–";
  console.log(`${mark} ${check.title}: ${counts(result.passed, result.failed, result.skipped.length)} (${seconds} s)`);
  for (const { title, reason } of result.retried ?? [])
    console.log(indent(`tried again: ${title}: ${whatHappened(reason)}`));
  if (result.output.trim()) console.log(`${indent(result.output.trimEnd())}\n`);
  return result;
}

function finish() {
  const sum = (count) => results.reduce((total, result) => total + count(result), 0);
  const skipped = results.flatMap((result) => result.skipped);
  for (const { title, reason } of skipped) console.log(`skipped: ${title}${reason ? `: ${reason}` : ""}`);
  const failed = sum((result) => result.failed);
  console.log(
    counts(
      sum((result) => result.passed),
      failed,
      skipped.length,
    ),
  );
  process.exitCode = failed > 0 ? 1 : 0;
}

function counts(passed, failed, skipped) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** The first line, and what Playwright says that it waited for. */
function whatHappened(reason) {
  const [first, ...others] = stripVTControlCharacters(reason).split("\n");
  const waited = others.find((line) => line.includes("- waiting for "));
  return [first, ...(waited ? [waited.trim()] : [])].join(" ");
}

function indent(text) {
  return text.replaceAll(/^(?=.)/gm, "    ");
}
