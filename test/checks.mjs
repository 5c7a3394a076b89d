// What `npm test` does, as data. A check counts as one result; a suite counts its tests.
import { readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ROOT, installChromium, installVscodeHost } from "../install.mjs";
import { preparePhones } from "./phone/prepare.mjs";
import { runNode } from "./process.mjs";

const TSCONFIGS = ["profiler", "extension", "webview", "test"];

const bin = (path) => join("node_modules", path);
/** TypeScript 7, the native compiler: a sixth of the processor time. */
const TSC = bin("typescript7/bin/tsc");
/** Knows types through tsgolint, which stands on the same compiler: a sixth of typescript-eslint's processor time, by the same rules. */
const OXLINT = bin("oxlint/bin/oxlint");
/** Imports that climb, and circles: what .dependency-cruiser.mjs forbids. */
const DEPENDENCY_CRUISER = bin("dependency-cruiser/bin/dependency-cruise.mjs");
/** Writes what Prettier does, but for unions of types that do not fit a line, in a fortieth of its processor time. */
const OXFMT = bin("oxfmt/bin/oxfmt");
const MOCHA = bin("mocha/bin/mocha.js");

/** Processor time of the window's tests by file, an empty window (13) where a file has one of its own: their size tells little. */
const SECONDS = {
  fit: 140,
  suggestions: 122,
  "editing-recovery": 108,
  accessibility: 98,
  runs: 90,
  "editing-document": 80,
  editor: 72,
  "extension-features": 70,
  "listing-actions": 68,
  compare: 60,
  "listing-text": 58,
  "editing-large": 52,
  "source-control": 49,
  "page-habits": 46,
  columns: 40,
  history: 36,
  graph: 30,
  answer: 28,
  charts: 28,
  cards: 24,
  "open-model": 24,
  details: 22,
  tree: 20,
  selection: 14,
};
/** Of a file that is not there yet. */
const BYTES_A_SECOND = 100;

/** First of all: what runs in VS Code or as the CLI is what this wrote. */
export const BUILD = check("build", "Build", [["build.mjs"]]);

/** A part of its own. */
const FUZZ = "test/unit/fuzz.test.ts";

/** Skipped where TFLite's own runtime is not built for this machine, which what prepares phones does first: they come behind. */
const NATIVE = testFiles("test/unit").filter((file) => readFileSync(join(ROOT, file), "utf8").includes("build:runner"));

/** One part stands before the checks below and the phones, which take a core as long as the other parts but one take the other. */
const UNIT_PARTS = 4;
const [firstUnits, ...otherUnits] = suitesInParts(
  "unit",
  "Unit tests",
  testFiles("test/unit").filter((file) => file !== FUZZ && !NATIVE.includes(file)),
  UNIT_PARTS,
  mocha,
);

/** Independent of each other: they run side by side where cores allow, the first of the list first. */
export const SIDE_BY_SIDE = [
  firstUnits,
  check(
    "types",
    "Types",
    TSCONFIGS.map((room) => [TSC, "--pretty", "false", "-p", room]),
  ),
  check("lint", "Lint", [
    [OXLINT, "--format", "unix", "."],
    ["lint/plain-lookup.js", "profiler", "extension", "webview"],
    [DEPENDENCY_CRUISER, "--output-type", "err", "profiler", "extension", "webview"],
  ]),
  check("format", "Format", [[OXFMT, "--check", "."]]),
  suite(
    "phone",
    "Tests of phones, with a real adb and adbd",
    testFiles("test/phone"),
    // Connections to a phone that was pulled live on for minutes, as the kernel has it: nobody waits for them. A busy machine gets a second try.
    (grep) => mocha(["test/phone/**/*.test.ts"], grep, "--exit", "--retries", "1"),
    preparePhones,
  ),
  ...otherUnits,
  suite("unit", "Unit tests of TFLite's own runtime", NATIVE, (grep) => mocha(NATIVE, grep)),
  // A minute, which is less than any of those takes that run then: it stands where one core is done before the other.
  suite("unit", "Fuzz", [FUZZ], (grep) => mocha([FUZZ], grep)),
];

/** Tests of the window wait most of their time: more of them than cores run side by side, each with a VS Code of its own. */
export const WINDOWS = 3;

/** Of processor time that the tests in the extension host take, behind which the last part of the window's comes. */
const IN_HOST_SECONDS = 31;

/** Behind the others, since a window has time-outs. */
export const IN_VSCODE = [
  suite(
    "vscode",
    "Tests inside VS Code's extension host",
    testFiles("test/vscode/in-host"),
    () => ["--import", "tsx", "test/vscode/run/in-host.ts"],
    whyNoVscode,
  ),
  ...suitesInParts(
    "vscode",
    "Tests of VS Code's window",
    testFiles("test/vscode/ui"),
    WINDOWS,
    (files, grep) => mocha(files, grep, "--config", "test/vscode/.mocharc.json"),
    { whyNot: whyNoVscode, secondsBeforeLast: IN_HOST_SECONDS },
  ),
];

/** @returns a check that passes if each of its commands does */
function check(id, title, commands) {
  const run = async () => {
    const results = [];
    for (const command of commands) results.push(await runNode(command, { cwd: ROOT }));
    const isGood = results.every((result) => result.isGood);
    const output = isGood ? "" : results.map((result) => result.output).join("");
    return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: [], output };
  };
  return { id, title, run };
}

/**
 * @param files what counts as skipped where the machine cannot run it
 * @param command (grep) → arguments of Node
 * @param whyNot () → why this machine cannot run the suite; its files then count as skipped
 */
function suite(id, title, files, command, whyNot = () => undefined) {
  const skip = (reason) => {
    const skipped = files.map((file) => ({ title: file, reason }));
    return { passed: 0, failed: 0, skipped, output: "" };
  };
  const run = async (grep) => {
    const reason = whyNot();
    if (reason) return skip(reason);
    const report = join(tmpdir(), `edgewise-report-${process.pid}-${reports++}.json`);
    const env = { EDGEWISE_TEST_REPORT: report, EDGEWISE_TEST_GREP: grep };
    const { isGood, output } = await runNode(command(grep), { cwd: ROOT, env });
    const totals = takeReport(report);
    // A runner that dies, or fails outside its tests, is a failure that no test counted.
    const failed = Math.max(totals.failed, isGood ? 0 : 1);
    const { passed, skipped, retried } = totals;
    return { passed, failed, skipped, retried, output: failed > 0 ? output : "" };
  };
  return { id, title, run, skip };
}

/**
 * A suite whose files are dealt out to so many processes.
 * @param command (files, grep) → arguments of Node
 * @param secondsBeforeLast what runs before the last part starts
 */
function suitesInParts(id, title, files, count, command, { whyNot, secondsBeforeLast = 0 } = {}) {
  return dealtOut(files, count, secondsBeforeLast).map((part, index) =>
    suite(id, `${title}, ${index + 1} of ${count}`, part, (grep) => command(part, grep), whyNot),
  );
}

let reports = 0;
let reasonWithoutVscode;

/** Installs VS Code and Chromium at the first call. */
function whyNoVscode() {
  reasonWithoutVscode ??= { reason: installVscodeHost() ?? installChromium() };
  return reasonWithoutVscode.reason;
}

function mocha(specs, grep, ...options) {
  const wanted = specs.flatMap((spec) => ["--spec", spec]);
  return [MOCHA, ...options, "--reporter", "test/reporter.mjs", ...wanted, ...(grep ? ["--grep", grep] : [])];
}

function takeReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: [], retried: [] };
  } finally {
    rmSync(file, { force: true });
  }
}

/** Lists that are done at about the same time: files are dealt out by their work, each to the list that has least. */
function dealtOut(files, count, secondsBeforeLast) {
  const lists = Array.from({ length: count }, () => ({ work: 0, files: [] }));
  lists[count - 1].work = secondsBeforeLast * BYTES_A_SECOND;
  const measured = files.map((file) => ({ file, work: workOf(file) }));
  for (const { file, work } of measured.sort((a, b) => b.work - a.work)) {
    const shortest = lists.reduce((least, list) => (list.work < least.work ? list : least));
    shortest.files.push(file);
    shortest.work += work;
  }
  return lists.map((list) => list.files.sort());
}

function workOf(file) {
  const seconds = file.startsWith("test/vscode/ui/") ? SECONDS[basename(file, ".test.ts")] : undefined;
  return seconds === undefined ? statSync(join(ROOT, file)).size : seconds * BYTES_A_SECOND;
}

function testFiles(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => `${folder}/${file}`);
}
