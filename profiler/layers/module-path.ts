/**
 * Modules that hold a layer, outermost first, as exporters write them into names: PyTorch's `/layers.0/attn/MatMul`, TensorFlow's
 * `model/block_1/conv/Conv2D;model/block_1/bn`. A name without slashes has none.
 * @param known paths by what stands before the last slash: layers of one module share their path
 */
export function modulePath(name: string, known = new Map<string, readonly string[]>()): readonly string[] {
  const modules = name.slice(0, Math.max(0, name.lastIndexOf("/", endOfFirst(name))));
  const path = known.get(modules) ?? modules.split("/").filter((part) => part !== "");
  known.set(modules, path);
  return path;
}

/** TensorFlow's converter joins the names of the operations that it merged. */
function endOfFirst(name: string): number {
  const end = name.indexOf(";");
  return end < 0 ? name.length : end;
}

/** Key of PyTorch's dynamo exporter for the modules around a node, written as a Python list: `['', 'layers', 'layers.0', 'add']`. */
const TORCH_SCOPES = "pkg.torch.onnx.name_scopes";

/** Modules from a node's metadata; undefined where the exporter wrote none. */
export function metadataPath(metadata: ReadonlyMap<string, string> | undefined): readonly string[] | undefined {
  const scopes = metadata?.get(TORCH_SCOPES);
  if (scopes === undefined) return undefined;
  const qualified = [...scopes.matchAll(/'([^']*)'/g)].map(([, scope]) => scope ?? "").filter((scope) => scope !== "");
  // Each scope repeats the ones around it ("layers.0" in "layers"); the last one is the node itself.
  return qualified.slice(0, -1).map((scope, depth) => {
    const outer = qualified[depth - 1];
    return outer !== undefined && scope.startsWith(`${outer}.`) ? scope.slice(outer.length + 1) : scope;
  });
}
