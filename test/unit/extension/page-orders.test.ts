import assert from "node:assert/strict";
import { PageOrders } from "../../../extension/editor/page-orders.ts";
import type { HostContract, PageContract, PageOrder, StartReply } from "../../../webview/protocol/page.ts";
import { Rpc, type Handlers, type Message } from "../../../webview/protocol/rpc.ts";
import { ModelClient } from "../../../webview/state/model-client.ts";

const REVEAL: PageOrder = { kind: "reveal", reveal: { layer: 3, where: "table" } };
const PART: PageOrder = { kind: "part", part: "suggestions" };

/** A host, and pages that VS Code shows, hides (and throws away) and shows again. */
class Tab {
  readonly orders: PageOrders;
  page: ModelClient | undefined;
  readonly #host: Rpc<HostContract, PageContract>;

  constructor() {
    const start = (): StartReply => ({ ...START, orders: this.orders.untaken });
    this.#host = new Rpc<HostContract, PageContract>(
      (message) => this.page?.receive(message),
      { start } as unknown as Handlers<HostContract>,
      { taken: ({ id }) => this.orders.taken(id) },
    );
    this.orders = new PageOrders((order) => this.#host.send("order", order));
  }

  show(): ModelClient {
    return (this.page = new ModelClient((message: Message) => this.#host.receive(structuredClone(message))));
  }

  hide(): void {
    this.page = undefined;
  }
}

const START: Omit<StartReply, "orders"> = {
  snapshot: { kind: "loading", file: "model.onnx" },
  activity: "idle",
  budgets: {},
  preferences: null,
  editing: {
    document: { edits: [], isDirty: false, refusal: null, computing: null, failure: null },
    calibration: { spec: {}, description: "", isRandom: true, hasLabels: false },
    fit: null,
    sensitivity: null,
  },
  runs: {} as StartReply["runs"],
  download: null,
};

describe("Orders of commands to a page", () => {
  it("reach a page that is there at once, and none that comes after it", async () => {
    const tab = new Tab();
    const first = tab.show();
    await first.start();
    tab.orders.give(PART);
    assert.deepEqual(first.editing.shownPart.value, { part: "suggestions" });
    tab.hide();
    const second = tab.show();
    await second.start();
    assert.equal(second.editing.shownPart.value, null);
  });

  it("wait for a page that is hidden, also one that had started before", async () => {
    const tab = new Tab();
    await tab.show().start();
    tab.hide();
    tab.orders.give(PART);
    tab.orders.give(REVEAL);
    const page = tab.show();
    await page.start();
    assert.deepEqual(page.editing.shownPart.value, { part: "suggestions" });
    assert.deepEqual(page.revealed.value, { layer: 3, where: "table" });
  });

  it("that a page hears while it starts are done once", async () => {
    const tab = new Tab();
    const page = tab.show();
    const starting = page.start();
    tab.orders.give(PART);
    assert.notEqual(page.editing.shownPart.value, null);
    page.editing.shownPart.set(null);
    await starting;
    assert.equal(page.editing.shownPart.value, null, "the page has done it, and its start brings it once more");
    assert.deepEqual(tab.orders.untaken, []);
  });
});
