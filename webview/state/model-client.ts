import type { LayerProfile, Structure } from "../../profiler/profile.ts";
import { INITIAL_BUDGETS, type BudgetId, type BudgetTexts } from "../../profiler/views/budgets.ts";
import type { LayerDetails } from "../../profiler/views/layer-details.ts";
import type { WeightStatistics } from "../../profiler/views/weight-statistics.ts";
import { unpackLayers } from "../protocol/packed-layers.ts";
import type {
  Activity,
  GraphOrder,
  HostContract,
  NumberedOrder,
  PageCommand,
  PageContract,
  Reveal,
  SavedPicture,
  Snapshot,
  StartReply,
  TensorPlace,
} from "../protocol/page.ts";
import type { ProfileHeader } from "../protocol/packed-profile.ts";
import { Rpc, RpcError, type Message } from "../protocol/rpc.ts";
import { DownloadClient } from "./download-client.ts";
import { EditingClient } from "./editing-client.ts";
import { RunningClient } from "./running-client.ts";
import { Store } from "./store.ts";

/** What the page shows of the model. */
export interface ModelState {
  readonly file: string;
  readonly phase: "loading" | "ready" | "failed";
  readonly activity: Activity;
  readonly profile: ShownProfile | null;
  readonly failure: RpcError["failure"] | null;
}

export interface ShownProfile {
  /** Names this profile in requests. */
  readonly revision: number;
  readonly header: ProfileHeader;
  readonly layers: readonly LayerProfile[];
  /** False while later rows are still on their way. */
  readonly isComplete: boolean;
  /** New weights of the edited model have no numbers yet. */
  readonly isPrediction: boolean;
}

type ReadySnapshot = Extract<Snapshot, { kind: "ready" }>;

/** The page's end of the pipe: keeps the state in step with the host and fetches the rows behind the first chunk. */
export class ModelClient {
  readonly state = new Store<ModelState>({
    file: "",
    phase: "loading",
    activity: "starting",
    profile: null,
    failure: null,
  });
  readonly budgets = new Store<BudgetTexts>(INITIAL_BUDGETS);
  /** The row that the host asked for last, from the outline or a menu. Each asking is an object of its own. */
  readonly revealed = new Store<Reveal | null>(null);
  /** What a command wanted of the graph last, until it is done. Each order is an object of its own. */
  readonly graphOrder = new Store<GraphOrder | null>(null);
  /** What another page was told to remember last. */
  readonly rememberedElsewhere = new Store<unknown>(undefined);
  readonly editing = new EditingClient(() => this.#host);
  readonly running = new RunningClient(() => this.#host);
  readonly download = new DownloadClient((revision, signal) => this.#host.request("download", { revision }, signal));
  readonly #host: Rpc<PageContract, HostContract>;
  #structure: { readonly revision: number; readonly structure: Promise<Structure> } | undefined;
  #revision = 0;
  /** Ids of orders. */
  readonly #taken = new Set<number>();

  constructor(post: (message: Message) => void) {
    this.#host = new Rpc<PageContract, HostContract>(
      post,
      {},
      {
        snapshot: (snapshot) => this.#show(snapshot),
        activity: (activity) => this.state.update({ activity }),
        budgets: (budgets) => this.budgets.update(budgets),
        preferences: (preferences) => this.rememberedElsewhere.set(preferences),
        order: (order) => this.#take(order),
        ...this.editing.listeners,
        ...this.running.listeners,
        progress: (progress) => {
          if (progress.task === "download") this.download.onProgress(progress.done);
          else this.editing.progress.set(progress);
        },
      },
    );
  }

  receive(message: unknown): void {
    this.#host.receive(message);
  }

  async start(): Promise<StartReply> {
    const reply = await this.#host.request("start", null);
    this.state.update({ activity: reply.activity });
    this.budgets.update(reply.budgets);
    this.editing.start(reply.editing);
    this.running.state.set(reply.runs);
    for (const order of reply.orders) this.#take(order);
    if (reply.snapshot.kind === "ready") this.download.show(reply.snapshot.revision, reply.download);
    return reply;
  }

  /** Shows what `start` brought: apart, so that translations are in force before anything is drawn. */
  show(snapshot: Snapshot): void {
    this.#show(snapshot);
  }

  /** Shows another model of a bundle, or another entry. @throws {RpcError} with the reason when that cannot be */
  async choosePart(part: { readonly model?: string; readonly entry?: string }): Promise<void> {
    await this.#host.request("choosePart", part);
  }

  /** @throws {RpcError} "option" when a value does not fit */
  async bind(bindings: Readonly<Record<string, number>>): Promise<void> {
    await this.#host.request("bind", { bindings });
  }

  /**
   * How the network of a revision hangs together: asked for when a picture first needs it, once.
   * @throws {RpcError} "stale" when there is a newer revision
   */
  structure(revision: number): Promise<Structure> {
    if (this.#structure?.revision !== revision) {
      this.#structure = { revision, structure: this.#host.request("structure", { revision }) };
    }
    return this.#structure.structure;
  }

  async setBudget(id: BudgetId, text: string): Promise<void> {
    await this.#host.request("setBudget", { id, text });
  }

  /** Tells the host which rows are selected, so that its outline follows and its menus know them. */
  select(layers: readonly number[]): void {
    this.#host.send("select", { layers });
  }

  /** Tells the host of an error that nothing in the page has caught. */
  report(error: unknown): void {
    const { message, stack = "" } = error instanceof Error ? error : { message: String(error) };
    this.#host.send("fault", { message, stack });
  }

  /** @throws {RpcError} "stale" when a newer profile is on its way */
  layerDetails(layer: number): Promise<LayerDetails> {
    return this.#host.request("layerDetails", { revision: this.#revision, layer });
  }

  /** @throws {RpcError} "stale" when a newer profile is on its way, and what reading the file throws */
  weightStatistics(layer: number, input: number): Promise<WeightStatistics | null> {
    return this.#host.request("weightStatistics", { revision: this.#revision, layer, input });
  }

  /** @throws {RpcError} "stale" when a newer profile is on its way, and what writing the file throws */
  async saveTensor(place: TensorPlace): Promise<void> {
    await this.#host.request("saveTensor", { revision: this.#revision, ...place });
  }

  /** @throws {RpcError} what writing the file throws */
  async savePicture(picture: SavedPicture): Promise<void> {
    await this.#host.request("savePicture", picture);
  }

  remember(preferences: unknown): void {
    void this.#host.request("remember", { preferences });
  }

  run(command: PageCommand): void {
    void this.#host.request("run", { command });
  }

  /** What was sent while the page started comes with its start once more. */
  #take({ id, order }: NumberedOrder): void {
    this.#host.send("taken", { id });
    if (this.#taken.has(id)) return;
    this.#taken.add(id);
    if (order.kind === "reveal") this.revealed.set(order.reveal);
    else if (order.kind === "graph") this.graphOrder.set(order.graph);
    else this.editing.showPart(order.part);
  }

  #show(snapshot: Snapshot): void {
    const { file, kind: phase } = snapshot;
    if (snapshot.kind === "ready") {
      void this.#receiveProfile(snapshot);
    } else {
      this.#revision = 0;
      const failure = snapshot.kind === "failed" ? snapshot.failure : null;
      this.state.update({ file, phase, failure, profile: null });
    }
  }

  /** A first table is shown with the rows at hand; a later one replaces the old when it is whole, so that nothing jumps. */
  async #receiveProfile({ file, revision, header, firstRows, chunkCount, isPrediction }: ReadySnapshot): Promise<void> {
    this.#revision = revision;
    this.download.show(revision);
    const layers = unpackLayers(firstRows);
    const present = (isComplete: boolean): void =>
      this.state.update({
        file,
        phase: "ready",
        failure: null,
        profile: { revision, header, layers: [...layers], isComplete, isPrediction },
      });
    if (this.state.value.profile === null || chunkCount === 1) present(chunkCount === 1);
    try {
      for (let chunk = 1; chunk < chunkCount; chunk++) {
        const packed = await this.#host.request("rows", { revision, chunk });
        if (this.#revision !== revision) return;
        layers.push(...unpackLayers(packed));
      }
    } catch (error) {
      // A newer snapshot is on its way.
      if (error instanceof RpcError && error.failure.code === "stale") return;
      throw error;
    }
    if (chunkCount > 1) present(true);
  }
}
