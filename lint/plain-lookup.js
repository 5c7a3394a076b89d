// Names from a file or a phone may be "constructor" or "__proto__", which every plain object answers to. So a lookup by any text in an
// object with an index signature goes through `ownEntry`, or the table is a Map. Asked of TypeScript 7, which knows types fast.
import { relative, resolve, sep } from "node:path";
import { SyntaxKind } from "typescript7/unstable/ast";
import { API, TypeFlags } from "typescript7/unstable/sync";

const ROOT = resolve(import.meta.dirname, "..");
const MESSAGE = "Look it up with ownEntry(table, name), or in a Map: a plain object answers to “constructor” too.";
/** `ownEntry` itself looks up what it has made sure of. */
const ALLOWED = new Set([resolve(ROOT, "profiler/own-entry.ts")]);

/**
 * @param rooms folders of the repository with a tsconfig of their own; each is asked of its own files
 * @returns a line for each plain lookup: place and what to do instead
 */
export function findPlainLookups(rooms, root = ROOT) {
  const api = new API({ cwd: root });
  try {
    const configs = rooms.map((room) => resolve(root, room, "tsconfig.json"));
    const snapshot = api.updateSnapshot({ openProjects: configs });
    return rooms.flatMap((room, index) => {
      const project = snapshot.getProject(configs[index]);
      if (!project) throw new Error(`TypeScript does not open ${configs[index]}`);
      const isOwn = (file) => file.startsWith(resolve(root, room) + sep) && !ALLOWED.has(file);
      return project.program
        .getSourceFileNames()
        .filter(isOwn)
        .flatMap((name) => inFile(project, name).map((place) => `${relative(root, name)}:${place}: ${MESSAGE}`));
    });
  } finally {
    api.close();
  }
}

/** @returns line:column of each plain lookup of a file */
function inFile({ program, checker }, name) {
  const source = program.getSourceFile(name);
  const reads = [];
  const collect = (node) => {
    if (node.kind === SyntaxKind.ElementAccessExpression && !isWritten(node)) reads.push(node);
    node.forEachChild(collect);
  };
  collect(source);
  if (reads.length === 0) return [];
  // One question for all of a file's indices: each costs a round trip.
  const indices = checker.getTypeAtLocation(reads.map((node) => node.argumentExpression));
  const byText = reads.filter((_, index) => (indices[index].flags & TypeFlags.String) !== 0);
  if (byText.length === 0) return [];
  const tables = checker.getTypeAtLocation(byText.map((node) => node.expression));
  return byText.filter((_, index) => isPlain(checker, tables[index])).map((node) => placeOf(source, node));
}

function isWritten(node) {
  const { parent } = node;
  return (
    parent.kind === SyntaxKind.BinaryExpression &&
    parent.operatorToken.kind === SyntaxKind.EqualsToken &&
    parent.left === node
  );
}

function isPlain(checker, type) {
  const table = checker.getNonNullableType(type);
  if (checker.isArrayType(table) || checker.isTupleType(table)) return false;
  return checker.getIndexInfosOfType(table).some(({ keyType }) => (keyType.flags & TypeFlags.String) !== 0);
}

function placeOf(source, node) {
  const before = source.text.slice(0, node.getStart()).split("\n");
  return `${before.length}:${before.at(-1).length + 1}`;
}

if (process.argv[1] === import.meta.filename) {
  const found = findPlainLookups(process.argv.slice(2));
  for (const line of found) console.error(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
