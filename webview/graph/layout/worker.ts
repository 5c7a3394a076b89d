import { layOut, noContents } from "./lay-out.ts";
import type { LayoutReply, LayoutRequest } from "./layouter.ts";

/** Contents that are kept: more than any picture has, so that what is shown stays known. */
const MOST_KEPT = 20_000;

/** What was laid out before stays known as long as the page lives. */
let known = noContents();

addEventListener("message", ({ data }: MessageEvent<LayoutRequest>) => {
  const { id, task } = data;
  let reply: LayoutReply;
  if (known.placed.size > MOST_KEPT) known = noContents();
  try {
    reply = { id, answer: layOut(task, known) };
  } catch (error) {
    reply = { id, failure: error instanceof Error ? error.message : String(error) };
  }
  postMessage(reply);
});
