// The API of VS Code as a module of its own, for the bundle of the extension. Each file that imports a CommonJS module as a namespace gets a
// copy of it, property by property: of the API that is 400 properties for each of 80 files, three quarters of the extension's activation.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const TYPES = join(import.meta.dirname, "node_modules/@types/vscode/index.d.ts");

/** What stands at the top of the module in its declarations; types that are no values are undefined at run time and never used as such. */
const VALUE = /^(?:\t| {4})export (?:abstract )?(?:class|enum|namespace|const|let|function) (\w+)/gm;

/** A plugin of esbuild: `import * as vscode` reads the API itself, required once. */
export const VSCODE_API = {
  name: "API of VS Code",
  setup: ({ onResolve, onLoad }) => {
    const namespace = "vscode-api";
    onResolve({ filter: /^vscode$/ }, ({ namespace: importer }) =>
      importer === namespace ? { path: "vscode", external: true } : { path: "vscode", namespace },
    );
    onLoad({ filter: /.*/, namespace }, () => {
      const names = new Set(Array.from(readFileSync(TYPES, "utf8").matchAll(VALUE), ([, name]) => name));
      if (!names.has("workspace"))
        throw new Error(`${TYPES} is not written as vscode-api.mjs expects: no workspace found.`);
      return {
        contents: `export const { ${[...names].join(", ")} } = require("vscode");`,
        resolveDir: import.meta.dirname,
      };
    });
  },
};
