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

const DISCLAIMER = `THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT
LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT
HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT
LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY
THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;

const CONDITIONS = `Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met:
- Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.
- Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer in the
  documentation and/or other materials provided with the distribution.`;

const NO_ENDORSEMENT = `- Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products derived from this
  software without specific prior written permission.`;

/** Libraries inside a package's WebAssembly, whose notices the package leaves out: as their sources have them. */
const INSIDE = {
  "dcmjs-codecs": `Its WebAssembly is made from the libraries below.

This software is based in part on the work of the Independent JPEG Group: libjpeg 6b, Copyright (C) 1991-1998, Thomas G. Lane.

DCMTK: Copyright (C) 1994-2024, OFFIS e.V.
CharLS: Copyright (c) 2007-2010, Jan de Vaan; Copyright (c) Team CharLS
libjxl: Copyright (c) the JPEG XL Project Authors
Highway: Copyright (c) The Highway Project Authors
All rights reserved. (The three-clause BSD licence.)
${CONDITIONS}
${NO_ENDORSEMENT}

OpenJPEG: Copyright (c) 2002-2014, Universite catholique de Louvain (UCL), Belgium; Professor Benoit Macq; and contributors
OpenJPH: Copyright (c) 2019, Aous Naman; Kakadu Software Pty Ltd, Australia; The University of New South Wales, Australia
All rights reserved. (The two-clause BSD licence: the conditions above without the last.)

${DISCLAIMER}

Brotli: Copyright (c) 2009, 2010, 2013-2016 by the Brotli Authors. (The MIT licence.)

${MIT}`,
};

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
  if (Object.hasOwn(INSIDE, name)) texts.push(INSIDE[name]);
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
