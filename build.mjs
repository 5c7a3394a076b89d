// Builds everything that runs: `node build.mjs [--production]` writes dist/. Production leaves out source maps and whitespace.
import { build, transform } from "esbuild";
import subsetFont from "subset-font";
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join, parse, relative, sep } from "node:path";
import { noticesOf, packagesOf } from "./notices.mjs";
import { VSCODE_API } from "./vscode-api.mjs";

const ROOT = import.meta.dirname;
const DIST = join(ROOT, "dist");
const ICONS = join(ROOT, "node_modules/@vscode/codicons/dist");

/** build-runner.mjs writes it there; it takes a Debian and a minute, and changes with other files than these. */
const RUNNER = "runner";
/** package.mjs puts ONNX Runtime there before it builds. */
const RUNTIME = "node_modules";

/** The oldest runtimes we claim: Node 20.19 for the CLI, and VS Code 1.100 with its Node 20 and Chromium 132. */
const NODE = { platform: "node", target: "node20.19" };
const BROWSER = { platform: "browser", target: "chrome132" };

/** A page in an editor: a script and, beside it, one style sheet. What the script imports only when it needs it is in parts of their own. */
const PAGE = { format: "esm", splitting: true, ...BROWSER, jsx: "automatic", jsxImportSource: "preact" };

/** Native or given by the host: required at run time, never bundled. */
const EXTERNAL = ["vscode", "onnxruntime-node"];

/** Libraries written for CommonJS ask for Node's modules with require, which an ES module lacks. */
const REQUIRE = [
  'import { createRequire as requireFrom } from "node:module";',
  "const require = requireFrom(import.meta.url);",
].join("\n");
const CLI_HEAD = `#!/usr/bin/env node\n${REQUIRE}`;

/** The process that runs models starts in half the time where ONNX Runtime's thirty modules are in its file; its native part stays where it is. */
const ONNX_RUNTIME = {
  external: [],
  banner: { js: REQUIRE },
  plugins: [
    {
      name: "native part of onnxruntime-node",
      setup: ({ onLoad }) => {
        onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, ({ path }) => {
          const code = readFileSync(path, "utf8");
          if (!code.includes("`../bin/"))
            throw new Error(`${path} requires no native part: build.mjs expects "../bin/".`);
          return { contents: code.replace("`../bin/", "`onnxruntime-node/bin/") };
        });
      },
    },
  ],
};

/** What stands for `import.meta.url`, which CommonJS lacks: threads and data files are found beside the bundle. */
const CJS_URL = 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;';

/** CommonJS whose parts are loaded when they are needed, as the CLI's are: where VS Code runs it, no ES module was tried as a thread. */
const CJS_PARTS = { format: "esm", splitting: true, isCommonJs: true, define: { "import.meta.url": "bundleUrl" } };

const BUNDLES = [
  { in: "extension/main.ts", out: "extension.cjs", format: "cjs", ...NODE, plugins: [VSCODE_API] },
  { in: "extension/worker/main.ts", out: "worker.cjs", ...CJS_PARTS, ...NODE },
  {
    in: "profiler/runtime/process/onnx-runtime-process.js",
    out: "onnx-runtime-process.js",
    format: "esm",
    ...NODE,
    ...ONNX_RUNTIME,
  },
  { in: "profiler/runtime/process/litert-process.js", out: "litert-process.js", format: "esm", ...NODE },
  { in: "profiler/runtime/process/watchdog.js", out: "watchdog.js", format: "esm", ...NODE },
  { in: "profiler/device/host/onnx-process.js", out: "onnx-process.js", format: "esm", ...NODE },
  { in: "profiler/device/chrome/page.js", out: "chrome-page.js", format: "esm", ...BROWSER },
  { in: "profiler/device/chrome/page-onnx.js", out: "chrome-onnx-page.js", format: "esm", ...BROWSER },
  { in: "profiler/cli/main.ts", out: "cli.js", format: "esm", splitting: true, ...NODE, banner: { js: CLI_HEAD } },
  { in: "webview/main.tsx", out: "webview.js", ...PAGE },
  { in: "webview/graph/layout/worker.ts", out: "webview-layout.js", format: "iife", ...BROWSER },
  { in: "webview/compare/main.tsx", out: "compare.js", ...PAGE },
];

/** Files that are linked to or loaded as they are. The compat build of LiteRT.js is for machines without relaxed SIMD. */
const COPIES = [
  ...copies("@imagemagick/magick-wasm/dist/x86", "magick", ["magick.wasm"]),
  ...copies("dcmjs-codecs/build", "dcmtk", ["dcmjs-native-codecs.wasm"]),
  ...copies("@litertjs/core/wasm", "litert", [
    "litert_wasm_internal.js",
    "litert_wasm_internal.wasm",
    "litert_wasm_compat_internal.js",
    "litert_wasm_compat_internal.wasm",
    "litert_wasm_threaded_internal.js",
    "litert_wasm_threaded_internal.wasm",
  ]),
  ...copies("onnxruntime-web/dist", "ort", ["ort-wasm-simd-threaded.asyncify.wasm"]),
];

/** Shipped beside the bundles by package.mjs. */
const STAGED = ["node_modules/onnxruntime-node", "node_modules/onnxruntime-common"];

const isProduction = process.argv.includes("--production");

/** Finished by `toCommonJs`, which names places by the map in the text. */
const UNFINISHED = { ...minified(false), sourcemap: isProduction ? false : "inline" };

const results = await Promise.all(BUNDLES.map(bundle)).catch(fail);
mkdirSync(DIST, { recursive: true });
for (const old of readdirSync(DIST).filter((name) => ![RUNNER, RUNTIME].includes(name)))
  rmSync(join(DIST, old), { recursive: true });
for (const { path, contents, text } of results.flatMap(({ outputFiles }) => outputFiles))
  writeFileSync(path, isScript(path) ? asciiOf(text) : contents);
for (const { from, to } of COPIES) cpSync(from, to);
await writeIcons(results.flatMap(({ outputFiles }) => outputFiles));
writeFileSync(join(DIST, "THIRD-PARTY-NOTICES.txt"), noticesOf([...shippedPackages(), ...STAGED]));
chmodSync(join(DIST, "cli.js"), 0o755);

function shippedPackages() {
  const bundled = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const copied = [...COPIES.map(({ from }) => from), join(ICONS, "codicon.ttf")].map((from) =>
    relative(ROOT, from).replaceAll(sep, "/"),
  );
  return packagesOf([...bundled, ...copied]);
}

/** VS Code's icons without those that no page names: each is a rule and an outline, and a page loads all of them before its first paint. */
async function writeIcons(outputs) {
  mkdirSync(join(DIST, "codicons"), { recursive: true });
  const css = namedIcons(outputs);
  const characters = Array.from(css.matchAll(/content: "\\([0-9a-f]+)"/g), ([, code]) =>
    String.fromCodePoint(parseInt(code, 16)),
  );
  writeFileSync(join(DIST, "codicons/codicon.css"), css);
  const font = await subsetFont(readFileSync(join(ICONS, "codicon.ttf")), characters.join(""), {
    targetFormat: "truetype",
  });
  writeFileSync(join(DIST, "codicons/codicon.ttf"), font);
}

function namedIcons(outputs) {
  const pages = outputs.filter(({ path }) => /(webview|compare)[^/\\]*\.(js|css)$/.test(path));
  const words = new Set(pages.flatMap(({ text }) => text.match(/[\w-]+/g) ?? []));
  const css = readFileSync(join(ICONS, "codicon.css"), "utf8");
  const isNamed = (name) => words.has(name) || words.has(`codicon-${name}`);
  return css.replaceAll(/^\.codicon-([\w-]+):before .*\n/gm, (rule, name) => (isNamed(name) ? rule : ""));
}

function copies(from, to, files) {
  return files.map((file) => ({ from: join(ROOT, "node_modules", from, file), to: join(DIST, to, file) }));
}

async function bundle({ isCommonJs = false, ...options }) {
  const result = await bundleAs(isCommonJs ? { ...options, ...UNFINISHED } : options);
  return isCommonJs
    ? { ...result, outputFiles: (await Promise.all(result.outputFiles.map(toCommonJs))).flat() }
    : result;
}

/** esbuild splits ES modules only. @returns a part of them, and where it has one its map */
async function toCommonJs({ path, text }) {
  const { code, map } = await transform(text, {
    ...NODE,
    format: "cjs",
    supported: { "dynamic-import": false },
    banner: CJS_URL,
    ...minified(isProduction),
    sourcemap: isProduction ? false : "external",
    sourcefile: basename(path),
    legalComments: "none",
    logLevel: "warning",
  });
  const link = `//# sourceMappingURL=${basename(path)}.map\n`;
  return isProduction
    ? [{ path, contents: code, text: code }]
    : [
        { path, contents: code + link, text: code + link },
        { path: `${path}.map`, contents: map, text: map },
      ];
}

function bundleAs({ in: entry, out, define, ...options }) {
  return build({
    absWorkingDir: ROOT,
    entryPoints: [{ in: entry, out: parse(out).name }],
    outdir: "dist",
    outExtension: { ".js": parse(out).ext },
    chunkNames: `${parse(out).name}-[name]-[hash]`,
    bundle: true,
    metafile: true,
    write: false, // a build that fails leaves the last good one in place
    external: EXTERNAL,
    ...minified(isProduction, options),
    sourcemap: isProduction ? false : "linked",
    legalComments: "none",
    define: { "process.env.NODE_ENV": JSON.stringify(isProduction ? "production" : "development"), ...define },
    loader: { ".ttf": "file", ".svg": "text" },
    assetNames: "[name]",
    logLevel: "warning",
    ...options,
  });
}

/**
 * Names of error classes reach logs, so that nothing is renamed in what Node runs. To rename and to keep names (esbuild's `keepNames`) takes longer
 * to start: each function is named again as it is made (70 ms and 10 MB of a command's start).
 */
function minified(isMinified, { platform } = NODE) {
  return {
    minifyWhitespace: isMinified,
    minifySyntax: isMinified,
    minifyIdentifiers: isMinified && platform !== "node",
  };
}

function isScript(path) {
  return [".js", ".cjs"].includes(extname(path));
}

/** V8 holds a file in one byte a character where all are ASCII, else in two. esbuild leaves regular expressions and comments as they are. */
function asciiOf(text) {
  return text.replaceAll(/[^\x00-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** esbuild has printed the errors already. */
function fail() {
  process.exit(1);
}
