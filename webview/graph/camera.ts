import type { Viewport } from "./viewport.ts";

/** A movement is over when nothing has moved for so long. */
const REST_MILLISECONDS = 160;

/**
 * Where the picture is while it moves. Every step moves what is drawn by a transform alone; the page hears of it when the movement rests,
 * because keeping a view means rendering all of the page.
 */
export class Camera {
  #viewport: Viewport;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Told of each step that the user makes, so that another picture can move with this one. */
  onSteer: ((before: Viewport, after: Viewport) => void) | null = null;

  /**
   * @param draw shows a step
   * @param rest keeps the last one
   */
  constructor(
    viewport: Viewport,
    readonly draw: (viewport: Viewport, isMoving: boolean) => void,
    readonly rest: (viewport: Viewport) => void,
  ) {
    this.#viewport = viewport;
  }

  get viewport(): Viewport {
    return this.#viewport;
  }

  move(viewport: Viewport): void {
    this.#viewport = viewport;
    this.draw(viewport, true);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#rest(), REST_MILLISECONDS);
  }

  /** As `move`, by the user: what follows this picture moves too. */
  steer(viewport: Viewport): void {
    const before = this.#viewport;
    this.move(viewport);
    this.onSteer?.(before, viewport);
  }

  /** Takes over what was kept before, which nobody need hear of. */
  start(viewport: Viewport): void {
    if (this.#timer !== undefined) return;
    this.#viewport = viewport;
    this.draw(viewport, false);
  }

  /** Ends a movement at once. */
  settle(): void {
    if (this.#timer !== undefined) this.#rest();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.draw(this.#viewport, false);
    this.rest(this.#viewport);
  }
}
