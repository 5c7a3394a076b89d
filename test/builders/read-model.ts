import { ExternalDataFolder } from "../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../profiler/bytes/file-source.ts";
import { MemorySource } from "../../profiler/bytes/memory-source.ts";
import { readModel } from "../../profiler/formats/formats.ts";
import type { Model } from "../../profiler/model/model.ts";

/** A model of bytes, with no data files beside them. */
export function modelOfBytes(name: string, bytes: Uint8Array): Promise<Model> {
  const open = (path: string): Promise<never> => Promise.reject(new Error(`its data file "${path}" is not there`));
  return readModel(new MemorySource(name, bytes), { open });
}

/** A model of a file, which is left open: tests end with their process. */
export async function modelOfFile(path: string): Promise<Model> {
  return readModel(await FileSource.open(path), new ExternalDataFolder(path));
}
