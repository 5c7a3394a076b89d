import type { ByteSource } from "../../profiler/bytes/byte-source.ts";
import { CountingSource } from "../../profiler/bytes/counting-source.ts";
import { FileSource, SiblingFolder, profileModel } from "../../profiler/index.ts";
import type { Reads } from "./measure.ts";

/** Profiles MODEL once in a fresh process, and prints what that read and how long it took after start-up. */

countReads(process.argv[2] ?? "").then(
  (reads) => console.log(JSON.stringify(reads)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

async function countReads(path: string): Promise<Reads> {
  const sources: CountingSource[] = [];
  const counted = (source: ByteSource): ByteSource => {
    const counting = new CountingSource(source);
    sources.push(counting);
    return counting;
  };
  const siblings = new SiblingFolder(path);

  const start = performance.now();
  const before = process.cpuUsage();
  const { layers } = await profileModel(counted(await FileSource.open(path)), {
    open: async (relativePath) => counted(await siblings.open(relativePath)),
  });
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);

  await Promise.all(sources.map((source) => source.close()));
  return {
    layers: layers.length,
    milliseconds,
    processorMilliseconds: (user + system) / 1000,
    bytesRead: sources.reduce((sum, source) => sum + source.bytesRead, 0),
  };
}
