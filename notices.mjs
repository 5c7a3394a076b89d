// The notices that licences ask for: of every package that something of is in what we ship, found by what the bundler read.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = import.meta.dirname;

const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** How packages name the files that their notices are in. */
const NOTICE = /^(?:licen[cs]e|copying|notices?|copyrightnotice|third-?party-?notices?)(?:[-.].*)?$/i;

/** Packages that name a licence without its text, and who holds the copyright by their sources. */
const WITHOUT_TEXT = {
  "@litertjs/core": "The LiteRT Authors (Google LLC)",
  "@litertjs/wasm-utils": "The LiteRT Authors (Google LLC)",
  "@microsoft/fast-element": "Microsoft Corporation",
  "@microsoft/fast-foundation": "Microsoft Corporation",
  "@microsoft/fast-web-utilities": "Microsoft Corporation",
  "@vscode/l10n": "Microsoft Corporation",
  "onnxruntime-common": "Microsoft Corporation",
  "onnxruntime-web": "Microsoft Corporation",
  "onnxruntime-node": "Microsoft Corporation",
};

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** Whole texts by their SPDX names, for packages that come without. The Apache licence is the same in all packages that have it. */
const TEXTS = {
  MIT: () => MIT,
  "Apache-2.0": () => readFileSync(join(ROOT, "node_modules/flatbuffers/LICENSE"), "utf8").trim(),
};

/**
 * The folders of packages that bundles were made from, relative to the root.
 * @param {readonly string[]} inputs paths of an esbuild metafile
 */
export function packagesOf(inputs) {
  return inputs.flatMap((path) => PACKAGE.exec(path)?.[0] ?? []);
}

/**
 * Each package once with its version, licence and notices, by name.
 * @param {readonly string[]} folders relative to the root
 * @throws {Error} for a package whose licence's text is nowhere
 */
export function noticesOf(folders) {
  const packages = [...new Set(folders)].map(noticeOf).sort((a, b) => (a.title < b.title ? -1 : 1));
  const distinct = packages.filter(({ title }, index) => packages[index - 1]?.title !== title);
  const head =
    "Edgewise holds parts of the packages below, under the licences that follow each. Its own licence is in LICENSE.";
  return `${[head, ...distinct.map(({ title, text }) => `${"=".repeat(80)}\n${title}\n\n${text}`)].join("\n\n")}\n`;
}

function noticeOf(folder) {
  const { name, version, license, homepage, repository } = JSON.parse(
    readFileSync(join(ROOT, folder, "package.json"), "utf8"),
  );
  const files = readdirSync(join(ROOT, folder)).filter((file) => NOTICE.test(file));
  const home = homepage ?? (typeof repository === "string" ? repository : repository?.url) ?? "";
  const title = [`${name} ${version} (${license})`, home].filter((part) => part !== "").join("\n");
  const texts = files.map((file) => readFileSync(join(ROOT, folder, file), "utf8").trim());
  return { title, text: texts.length > 0 ? texts.join("\n\n") : standardText(name, license) };
}

function standardText(name, license) {
  const holder = Object.hasOwn(WITHOUT_TEXT, name) ? WITHOUT_TEXT[name] : undefined;
  const text = Object.hasOwn(TEXTS, license) ? TEXTS[license]() : undefined;
  if (holder === undefined || text === undefined)
    throw new Error(
      `${name} (${license}) comes without its licence's text: say in notices.mjs who holds its copyright`,
    );
  return `Copyright (c) ${holder}\n\n${text}`;
}
