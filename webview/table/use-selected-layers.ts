import { useEffect, useMemo } from "preact/hooks";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { layerOfLine, type Selection } from "../state/selection.ts";
import { layersOfLines, nodesById, tableTree } from "./table-tree.ts";

/**
 * Layers behind the selected lines, modules and runs with all that is in them, filtered out or not; the host is told of them whatever the
 * page shows: a row that it has asked for is answered also where it was selected already.
 */
export function useSelectedLayers(
  client: ModelClient,
  layers: ShownProfile["layers"],
  { lines, active }: Selection,
): ShownProfile["layers"] {
  const byId = useMemo(() => nodesById(tableTree(layers, { isTree: true, isSorted: false })), [layers]);
  const flat = useMemo(() => nodesById(tableTree(layers, { isTree: false, isSorted: false })), [layers]);
  const selected = useMemo(() => {
    const known = lines.filter((id) => byId.has(id) || flat.has(id));
    return layersOfLines(known, new Map([...flat, ...byId]));
  }, [byId, flat, lines]);
  useEffect(() => {
    const last = layerOfLine(active);
    const indices = selected.map(({ index }) => index).filter((index) => index !== last);
    client.select(last !== null && selected.length > indices.length ? [...indices, last] : indices);
  }, [client, selected, active]);
  return selected;
}
