import * as v from "valibot";

/** Which part of the picture is on the screen: picture = (screen − offset) ÷ zoom. */
export interface Viewport {
  readonly zoom: number;
  /** Pixels on the screen of the picture's origin. */
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Area extends Point, Size {}

/** Below, a picture of thousands of boxes is a dot; above, a box fills the screen. */
const LEAST_ZOOM = 0.002;
const MOST_ZOOM = 3;

/** A first look should be readable rather than whole. */
const READABLE_ZOOM = 0.6;

/** Of the sight's width and height, on each side; and how many times as wide and high as the sight a zone may be. */
const ZONE_MARGIN = 0.6;
const MOST_ZONE = 4;

/** Pixels around the picture. */
const MARGIN = 16;

/** Of the picture, around it: lines and marks at its edge are wider than nothing. */
const EDGE = 12;

/** What is nearer than this to its place is there: sums of fractions are never quite. */
const HALF_PIXEL = 0.5;

/** All of the picture, never larger than it is. */
export function fit(picture: Size, screen: Size): Viewport {
  const zoom = clamp(
    Math.min(1, (screen.width - 2 * MARGIN) / picture.width, (screen.height - 2 * MARGIN) / picture.height),
  );
  return {
    zoom,
    x: (screen.width - zoom * picture.width) / 2,
    y: Math.max(MARGIN, (screen.height - zoom * picture.height) / 2),
  };
}

/** All of the picture where that can be read, else where it starts: the box that comes first. */
export function firstLook(picture: Size, start: Point & Size, screen: Size): Viewport {
  const whole = fit(picture, screen);
  if (whole.zoom >= READABLE_ZOOM) return whole;
  const zoom = Math.min(1, Math.max(READABLE_ZOOM, (screen.width - 2 * MARGIN) / picture.width));
  const room = screen.width - zoom * picture.width;
  if (room >= 0) return { zoom, x: room / 2, y: MARGIN };
  const centred = screen.width / 2 - zoom * (start.x + start.width / 2);
  return { zoom, x: Math.min(MARGIN, Math.max(room - MARGIN, centred)), y: MARGIN };
}

/** Zooms by a factor around a point of the screen, which stays where it is. */
export function zoomAt({ zoom, x, y }: Viewport, factor: number, at: Point): Viewport {
  const next = clamp(zoom * factor);
  const scale = next / zoom;
  return { zoom: next, x: at.x - (at.x - x) * scale, y: at.y - (at.y - y) * scale };
}

/** Moves and zooms one picture as another one was, by the same pixels, by the same factor and around the same point of the screen. */
export function follow(viewport: Viewport, before: Viewport, after: Viewport): Viewport {
  const scale = after.zoom / before.zoom;
  if (scale === 1) return { ...viewport, x: viewport.x + after.x - before.x, y: viewport.y + after.y - before.y };
  const fixed = (start: number, end: number): number => (end - scale * start) / (1 - scale);
  return zoomAt(viewport, scale, { x: fixed(before.x, after.x), y: fixed(before.y, after.y) });
}

/** Brings a point of the picture to where a point of another picture is on its screen. */
export function putBeside(zoom: number, point: Point, other: Viewport, otherPoint: Point): Viewport {
  return {
    zoom,
    x: other.x + other.zoom * otherPoint.x - zoom * point.x,
    y: other.y + other.zoom * otherPoint.y - zoom * point.y,
  };
}

/** Brings a point of the picture to the middle of the screen. */
export function centreOn({ zoom }: Viewport, point: Point, screen: Size): Viewport {
  return { zoom, x: screen.width / 2 - point.x * zoom, y: screen.height / 2 - point.y * zoom };
}

/** Whether the text of boxes can be read. */
export function isReadable({ zoom }: Viewport): boolean {
  return zoom >= READABLE_ZOOM;
}

/** A box in the middle, at its own size. */
export function readable(box: Point & Size, screen: Size): Viewport {
  return centreOn({ zoom: 1, x: 0, y: 0 }, { x: box.x + box.width / 2, y: box.y + box.height / 2 }, screen);
}

/** Moves no further than it must so that a box of the picture is on the screen. */
export function reveal(viewport: Viewport, box: Point & Size, screen: Size): Viewport {
  const { zoom, x, y } = viewport;
  const shift = (start: number, length: number, room: number): number => {
    if (start < MARGIN) return MARGIN - start;
    return Math.min(0, Math.max(room - MARGIN - (start + length), MARGIN - start));
  };
  const dx = shift(x + box.x * zoom, box.width * zoom, screen.width);
  const dy = shift(y + box.y * zoom, box.height * zoom, screen.height);
  const isThere = Math.abs(dx) < HALF_PIXEL && Math.abs(dy) < HALF_PIXEL;
  return isThere ? viewport : { zoom, x: x + dx, y: y + dy };
}

/** As `reveal`, when the screen has become another one, of a box that was in sight before. */
export function keepInSight(viewport: Viewport, box: Point & Size, before: Size, now: Size): Viewport {
  return reveal(viewport, box, before) === viewport ? reveal(viewport, box, now) : viewport;
}

const finite = v.pipe(v.number(), v.finite());
const VIEWPORT = v.object({ zoom: v.pipe(finite, v.gtValue(0)), x: finite, y: finite });

export function isViewport(value: unknown): value is Viewport {
  return v.is(VIEWPORT, value);
}

function clamp(zoom: number): number {
  return Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom));
}

/** The part of the picture that is on the screen. */
export function sightOf({ zoom, x, y }: Viewport, screen: Size): Area {
  return { x: -x / zoom, y: -y / zoom, width: screen.width / zoom, height: screen.height / zoom };
}

/** What is drawn: of the picture, the sight and as much of it again on each side, so that a movement seldom has to draw. */
export function zoneAround({ x, y, width, height }: Area, picture: Size): Area {
  return inPicture(
    {
      x: x - ZONE_MARGIN * width,
      y: y - ZONE_MARGIN * height,
      width: (1 + 2 * ZONE_MARGIN) * width,
      height: (1 + 2 * ZONE_MARGIN) * height,
    },
    picture,
  );
}

/**
 * Whether a zone still serves: all of the picture that is in sight is in it, so that nothing is drawn anew where all of the picture is; and the
 * sight is no small part of it, which would draw much that nobody sees.
 */
export function serves(zone: Area, sight: Area, picture: Size): boolean {
  const seen = inPicture(sight, picture);
  return (
    seen.width === 0 ||
    seen.height === 0 ||
    (zone.x <= seen.x &&
      zone.y <= seen.y &&
      zone.x + zone.width >= seen.x + seen.width &&
      zone.y + zone.height >= seen.y + seen.height &&
      zone.width * zone.height <= MOST_ZONE ** 2 * sight.width * sight.height)
  );
}

/** The part of an area where the picture is, with its outermost lines; empty where it is not. */
function inPicture({ x, y, width, height }: Area, picture: Size): Area {
  const within = (start: number, length: number, room: number): readonly [start: number, length: number] => {
    const first = Math.min(room + EDGE, Math.max(-EDGE, start));
    return [first, Math.max(0, Math.min(room + EDGE, start + length) - first)];
  };
  const [left, across] = within(x, width, picture.width);
  const [top, down] = within(y, height, picture.height);
  return { x: left, y: top, width: across, height: down };
}

export function meets(a: Area, b: Area): boolean {
  return a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
}
