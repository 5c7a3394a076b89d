import type { ByteSource } from "../../profiler/bytes/byte-source.ts";
import { CountingSource } from "../../profiler/bytes/counting-source.ts";
import { FileSource, ExternalDataFolder, profileModel } from "../../profiler/index.ts";
import type { Reads, Round } from "./measure.ts";

/** Profiles MODEL in a fresh process a few times, and prints what that read and how long it took after start-up. */

/** By the last of them V8 has compiled what is run for every node. */
const ROUNDS = 5;

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
  const externalData = new ExternalDataFolder(path);
  const profile = async (): Promise<Round> => {
    const start = performance.now();
    const before = process.cpuUsage();
    const { layers } = await profileModel(counted(await FileSource.open(path)), {
      open: async (relativePath) => counted(await externalData.open(relativePath)),
    });
    const { user, system } = process.cpuUsage(before);
    return {
      layers: layers.length,
      milliseconds: performance.now() - start,
      processorMilliseconds: (user + system) / 1000,
    };
  };

  const first = await profile();
  const bytesRead = sources.reduce((sum, source) => sum + source.bytesRead, 0);
  let last = first;
  for (let round = 1; round < ROUNDS; round += 1) last = await profile();
  await Promise.all(sources.map((source) => source.close()));
  return { layers: first.layers, bytesRead, first, last };
}
