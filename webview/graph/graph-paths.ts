import type { Link } from "../../profiler/views/graph-links.ts";

/** Links of all paths that lead to a box or away from it: where its input comes from, and what becomes of its output. */
export function linksThrough(links: readonly Link[], box: string | undefined): ReadonlySet<Link> {
  if (box === undefined) return new Set();
  const backwards = reachable(
    links,
    box,
    ({ to }) => to,
    ({ from }) => from,
  );
  return new Set([
    ...backwards,
    ...reachable(
      links,
      box,
      ({ from }) => from,
      ({ to }) => to,
    ),
  ]);
}

function reachable(
  links: readonly Link[],
  start: string,
  near: (link: Link) => string,
  far: (link: Link) => string,
): ReadonlySet<Link> {
  const touching = new Map<string, Link[]>();
  for (const link of links) {
    const known = touching.get(near(link));
    if (known) known.push(link);
    else touching.set(near(link), [link]);
  }
  const found = new Set<Link>();
  const seen = new Set([start]);
  const waiting = [start];
  for (let box = waiting.pop(); box !== undefined; box = waiting.pop()) {
    for (const link of touching.get(box) ?? []) {
      found.add(link);
      const next = far(link);
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return found;
}
