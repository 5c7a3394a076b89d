import type { NumberedOrder, PageOrder } from "../../webview/protocol/page.ts";

/**
 * What commands want of a page, until the page says that it has it. VS Code throws a hidden page away and passes on to one that is
 * starting what it may not hear yet: a page that starts gets once more what none before it has taken.
 */
export class PageOrders {
  readonly #send: (order: NumberedOrder) => void;
  #untaken: readonly NumberedOrder[] = [];
  #lastId = 0;

  constructor(send: (order: NumberedOrder) => void) {
    this.#send = send;
  }

  get untaken(): readonly NumberedOrder[] {
    return this.#untaken;
  }

  give(order: PageOrder): void {
    const numbered = { id: ++this.#lastId, order };
    this.#untaken = [...this.#untaken, numbered];
    this.#send(numbered);
  }

  taken(id: number): void {
    this.#untaken = this.#untaken.filter((order) => order.id !== id);
  }
}
