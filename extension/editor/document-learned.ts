import type { Edit } from "../../profiler/editing/index.ts";
import type { Engines } from "../worker/engines.ts";
import type { ModelRequest } from "../worker/protocol.ts";
import type { EditList } from "./edit-list.ts";

/** What the edits of a document learned, and the training that is under way. */
export class DocumentLearned {
  /** @param request asks the engine for a list of edits */
  constructor(
    private readonly engines: Engines,
    private readonly request: (edits: EditList) => ModelRequest,
  ) {}

  /** Ends the training that is under way, and keeps the best that it found. */
  async stopTraining(): Promise<void> {
    await this.engines.computing.request("stopTraining", null);
  }

  /** Keeps what edits of an imported list learned elsewhere, before they are applied. */
  async keep(learned: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const all = [...learned].map(([hash, bytes]) => ({ hash, bytes }));
    await this.engines.quick.request("keepLearned", { learned: all });
  }

  /** The edits that are on, for a file, and what they learned. */
  async exported(
    list: EditList,
  ): Promise<{ readonly edits: readonly Edit[]; readonly learned: ReadonlyMap<string, Uint8Array> }> {
    const learned = await this.engines.quick.request("learned", this.request(list));
    const edits = list.filter(({ isOn }) => isOn);
    return {
      edits: edits.map(({ edit }, index) => ({ ...edit, ...(learned[index] && { learned: learned[index].hash }) })),
      learned: new Map(learned.flatMap((each) => (each ? [[each.hash, each.bytes] as const] : []))),
    };
  }
}
