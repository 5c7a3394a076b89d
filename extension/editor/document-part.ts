import type { ShownPart, View } from "./profiling-session.ts";
import type { RememberedBindings } from "./remembered-bindings.ts";
import { Remembered, type Memory } from "./remembered.ts";

/** Which models of bundles and which entries of models the user looked at last in this workspace. */
export class RememberedParts extends Remembered<ShownPart> {
  constructor(memory: Memory) {
    super(memory, "edgewise.parts", isPart);
  }
}

/** Which part of its file a document shows, and the sizes that the user gave to each part. */
export class DocumentPart {
  constructor(
    private readonly uri: { toString(): string },
    private readonly parts: RememberedParts,
    private readonly bindings: RememberedBindings,
  ) {}

  /** What was looked at last. */
  get remembered(): View {
    return this.viewOf(this.parts.find(this.uri.toString()) ?? {});
  }

  viewOf(part: ShownPart): View {
    return { part, bindings: this.bindings.of(this.#keyOf(part)) };
  }

  async remember({ part, bindings }: View): Promise<void> {
    await this.bindings.remember(this.#keyOf(part), bindings);
    await this.parts.keep(this.uri.toString(), Object.keys(part).length === 0 ? undefined : part);
  }

  #keyOf({ model, entry }: ShownPart): string {
    return [this.uri.toString(), ...[model, entry].filter((name) => name !== undefined)].join("#");
  }
}

function isPart(value: unknown): value is ShownPart {
  if (typeof value !== "object" || value === null) return false;
  const { model, entry } = value as Readonly<Record<string, unknown>>;
  return [model, entry].every((name) => name === undefined || typeof name === "string");
}
