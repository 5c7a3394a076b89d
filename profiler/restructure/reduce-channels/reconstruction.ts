import type { RewriteContext } from "../restructuring.ts";
import type { ChannelGroup, Channels } from "./groups.ts";
import type { Importance } from "./importance.ts";

export async function reconstructionRanks(_channels: Channels, _group: ChannelGroup, _context: RewriteContext): Promise<Importance | string> {
  return Promise.resolve("not yet");
}
