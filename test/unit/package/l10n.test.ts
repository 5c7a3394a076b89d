import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import ts from "typescript";
import { BUNDLE, definedTexts, sources, type Source } from "../../l10n/texts.ts";

/** Attributes of elements that say something to somebody. */
const SPOKEN = /^(alt|aria-label|aria-roledescription|data-tip|label|placeholder|title)$/;

/** A sentence or a name of several words, as no identifier and no style has it. */
const SENTENCE = /^\s*\p{Lu}\p{L}* +\p{Ll}/u;
const WORD = /\p{L}{2}/u;

describe("Texts in the user's language", () => {
  const bundle = JSON.parse(readFileSync(BUNDLE, "utf8")) as Readonly<Record<string, string>>;
  const trees = sources().map(parse);

  it("are all in the bundle for translators, and nothing else", () => {
    const wanted = new Set([...trees.flatMap(localisedTexts), ...definedTexts()]);
    const how = "run `npm run generate:l10n`";
    assert.deepEqual(
      [...wanted].filter((text) => bundle[text] === undefined),
      [],
      how,
    );
    assert.deepEqual(
      Object.keys(bundle).filter((text) => !wanted.has(text)),
      [],
      how,
    );
  });

  it("are asked for wherever the editor and the page say something", () => {
    assert.deepEqual(trees.flatMap(plainTexts), []);
  });
});

function parse({ path, text }: Source): ts.SourceFile {
  const kind = path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
}

/** First arguments of `l10n.t("…")`. */
function localisedTexts(tree: ts.SourceFile): readonly string[] {
  return nodesOf(tree).flatMap((node) => {
    if (!isLocalisation(node)) return [];
    const [text] = node.arguments;
    return text && ts.isStringLiteralLike(text) ? [text.text] : [];
  });
}

/** Texts that users would read in English whatever their language. Errors and the log are for whoever mends the program. */
function plainTexts(tree: ts.SourceFile): readonly string[] {
  return nodesOf(tree)
    .filter((node) => isShown(node) && !isWithin(node, (outer) => isLocalisation(outer) || isForDevelopers(outer)))
    .map(
      (node) => `${tree.fileName}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText()}`,
    );
}

function isShown(node: ts.Node): boolean {
  if (ts.isJsxText(node)) return WORD.test(node.text);
  if (ts.isStringLiteral(node) && ts.isJsxAttribute(node.parent))
    return SPOKEN.test(node.parent.name.getText()) && WORD.test(node.text);
  return (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) && SENTENCE.test(node.text);
}

function isLocalisation(node: ts.Node): node is ts.CallExpression {
  return ts.isCallExpression(node) && /\bl10n\.t$/.test(node.expression.getText());
}

function isForDevelopers(node: ts.Node): boolean {
  if (ts.isPropertyAssignment(node)) return node.name.getText() === "message";
  return ts.isNewExpression(node) || (ts.isCallExpression(node) && /\blog\b.*\.\w+$/i.test(node.expression.getText()));
}

function isWithin(node: ts.Node, is: (outer: ts.Node) => boolean): boolean {
  for (let outer: ts.Node = node; !ts.isSourceFile(outer); outer = outer.parent) if (is(outer)) return true;
  return false;
}

function nodesOf(node: ts.Node): readonly ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (each: ts.Node): void => {
    nodes.push(each);
    ts.forEachChild(each, visit);
  };
  visit(node);
  return nodes;
}
