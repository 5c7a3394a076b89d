import tseslint from "typescript-eslint";
import { noPlainLookup } from "./lint/no-plain-lookup.js";

/** Walls of the house: what each room may not import (see the table in CONTRIBUTING.md). */
const WALLS = {
  profiler: ["vscode", "**/extension/**", "**/webview/**", "preact", "preact/*", "chart.js"],
  // The engine's index reaches the file system; the page takes its types and its pure modules one by one.
  webview: ["vscode", "node:*", "fs", "path", "**/extension/**", "**/profiler/index.ts"],
  extension: ["preact", "preact/*", "chart.js"],
};

/** What VS Code renders links or icons in. */
const SHOWS_TEXT =
  "^(show(Information|Warning|Error)Message|withProgress|(show|create)QuickPick|(show|create)InputBox|setStatusBarMessage)$";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "**/generated/", "test/vscode/host/", "media/"] },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ["profiler/tsconfig.json", "extension/tsconfig.json", "webview/tsconfig.json", "test/tsconfig.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true, argsIgnorePattern: "^_" }],
      "max-lines": ["error", { max: 400, skipBlankLines: false }],
      "no-console": "error",
      "no-param-reassign": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/naming-convention": [
        "error",
        { selector: "typeLike", format: ["PascalCase"] },
        { selector: "function", format: ["camelCase", "PascalCase"] },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // A TensorId is a number with a name of its own; unions with such names are meant.
      "@typescript-eslint/no-redundant-type-constituents": "off",
    },
  },
  {
    // Plain JavaScript: scripts that run before anything is installed, and threads that no compiler loads.
    files: ["**/*.{mjs,js}"],
    rules: {
      eqeqeq: "error",
      "max-lines": ["error", { max: 400, skipBlankLines: false }],
      "no-param-reassign": "error",
      "no-unused-vars": "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "no-console": "off",
      // Mocha's describe and it return nothing worth waiting for.
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", name: ["describe", "it"], package: "mocha" }] },
      ],
    },
  },
  {
    files: ["profiler/**/*.ts", "extension/**/*.ts", "webview/**/*.{ts,tsx}"],
    ignores: ["profiler/own-entry.ts"],
    plugins: { edgewise: { rules: { "no-plain-lookup": noPlainLookup } } },
    rules: { "edgewise/no-plain-lookup": "error" },
  },
  {
    // A name of a file can be a command link in a message of VS Code, and an icon in a list: what shows text is in one folder, and escapes it.
    files: ["extension/**/*.ts"],
    ignores: ["extension/dialogs/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...[`MemberExpression[property.name=/${SHOWS_TEXT}/]`, `Property[key.name=/${SHOWS_TEXT}/]`].map(
          (selector) => ({
            selector,
            message: "Ask and tell through extension/dialogs/, which shows texts of files as text.",
          }),
        ),
      ],
    },
  },
  ...Object.entries(WALLS).map(([room, group]) => ({
    files: [`${room}/**/*.{ts,tsx}`],
    rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns: [{ group }] }] },
  })),
);
