import assert from "node:assert/strict";
import {
  centreOn,
  firstLook,
  fit,
  follow,
  isViewport,
  keepInSight,
  meets,
  putBeside,
  reveal,
  serves,
  sightOf,
  zoneAround,
  zoomAt,
} from "../../../../webview/graph/viewport.ts";

const SCREEN = { width: 1000, height: 500 };
const START = { x: 1900, y: 0, width: 200, height: 50 };

describe("The viewport of the graph", () => {
  it("fits all of a picture, in its middle, never larger than it is", () => {
    assert.deepEqual(fit({ width: 100, height: 100 }, SCREEN), { zoom: 1, x: 450, y: 200 });
    const { zoom, x } = fit({ width: 9680, height: 100 }, SCREEN);
    assert.equal(zoom, 0.1);
    assert.equal(x, 16);
  });

  it("first looks at all of a small picture, and at the start of one that would not be readable", () => {
    const small = { width: 600, height: 400 };
    assert.deepEqual(firstLook(small, START, SCREEN), fit(small, SCREEN));
    const { zoom, x, y } = firstLook({ width: 4000, height: 9000 }, START, SCREEN);
    assert.equal(zoom, 0.6);
    assert.equal(x + 2000 * zoom, 500);
    assert.equal(y, 16);
  });

  it("zooms around a point that stays where it is", () => {
    const before = { zoom: 0.5, x: 10, y: 20 };
    const after = zoomAt(before, 2, { x: 110, y: 220 });
    assert.equal(after.zoom, 1);
    assert.equal((110 - after.x) / after.zoom, (110 - before.x) / before.zoom);
    assert.equal((220 - after.y) / after.zoom, (220 - before.y) / before.zoom);
    assert.equal(zoomAt(before, 1000, { x: 0, y: 0 }).zoom, 3);
  });

  it("moves no further than it must to show a box", () => {
    const viewport = { zoom: 1, x: 0, y: 0 };
    assert.equal(reveal(viewport, { x: 100, y: 100, width: 50, height: 50 }, SCREEN), viewport);
    assert.deepEqual(reveal(viewport, { x: 1200, y: 100, width: 50, height: 50 }, SCREEN), { zoom: 1, x: -266, y: 0 });
    assert.deepEqual(reveal(viewport, { x: 100, y: -200, width: 50, height: 50 }, SCREEN), { zoom: 1, x: 0, y: 216 });
  });

  it("leaves a box where it was brought into sight", () => {
    const box = { x: 1234.567, y: 100, width: 98.765, height: 50 };
    const shown = reveal({ zoom: 0.7, x: 0.1, y: 0 }, box, { ...SCREEN, width: 543.21 });
    assert.equal(reveal(shown, box, { ...SCREEN, width: 543.21 }), shown);
  });

  it("keeps a box in sight on a smaller screen, if it was in sight", () => {
    const viewport = { zoom: 1, x: 0, y: 0 };
    const smaller = { width: 500, height: 500 };
    const box = { x: 600, y: 100, width: 50, height: 50 };
    assert.deepEqual(keepInSight(viewport, box, SCREEN, smaller), { zoom: 1, x: -166, y: 0 });
    assert.equal(keepInSight(viewport, { ...box, x: 1200 }, SCREEN, smaller), viewport);
  });

  it("brings a point to the middle", () => {
    assert.deepEqual(centreOn({ zoom: 2, x: 0, y: 0 }, { x: 300, y: 100 }, SCREEN), { zoom: 2, x: -100, y: 50 });
  });

  it("knows a viewport from anything else", () => {
    assert.ok(isViewport({ zoom: 1, x: 0, y: -5 }));
    for (const other of [null, 1, {}, { zoom: 0, x: 0, y: 0 }, { zoom: 1, x: NaN, y: 0 }])
      assert.ok(!isViewport(other));
  });

  it("draws more than is in sight, until the sight leaves it or is a small part of it", () => {
    const sight = sightOf({ zoom: 0.5, x: 100, y: -50 }, SCREEN);
    assert.deepEqual(sight, { x: -200, y: 100, width: 2000, height: 1000 });
    const picture = { width: 8000, height: 3000 };
    const zone = zoneAround(sight, picture);
    assert.ok(serves(zone, sight, picture));
    assert.ok(serves(zone, { ...sight, x: sight.x + 1000 }, picture));
    assert.ok(!serves(zone, { ...sight, x: sight.x + 1600 }, picture));
    assert.ok(!serves(zone, { ...sight, width: 200, height: 100 }, picture));
    assert.ok(meets(zone, sight) && !meets({ ...sight, y: 2000 }, sight));
  });

  it("draws nothing anew wherever all of the picture goes, and nothing beside it", () => {
    const picture = { width: 300, height: 3000 };
    const whole = fit(picture, SCREEN);
    const zone = zoneAround(sightOf(whole, SCREEN), picture);
    for (const away of [0, 200, 400, 600, 5000]) {
      for (const [x, y] of [
        [away, 0],
        [-away, away],
        [0, -away],
      ] as const)
        // oxfmt-ignore
        assert.ok(serves(zone, sightOf({ ...whole, x: whole.x + x, y: whole.y + y }, SCREEN), picture), `${x}, ${y}`);
    }
    assert.ok(zone.width < 1.2 * picture.width && zone.height < 1.2 * picture.height);
    const grown = { width: 300, height: 6000 };
    assert.ok(!serves(zone, sightOf(fit(grown, SCREEN), SCREEN), grown));
  });

  it("follows another picture by the same pixels, and around the same point of the screen", () => {
    const [one, other] = [
      { zoom: 1, x: 30, y: 40 },
      { zoom: 0.5, x: -10, y: 7 },
    ];
    assert.deepEqual(follow(other, one, { ...one, x: 35, y: 10 }), { zoom: 0.5, x: -5, y: -23 });
    const at = { x: 200, y: 100 };
    const zoomed = follow(other, one, zoomAt(one, 1.5, at));
    const expected = zoomAt(other, 1.5, at);
    for (const field of ["zoom", "x", "y"] as const) assert.ok(Math.abs(zoomed[field] - expected[field]) < 1e-9, field);
  });

  it("puts a point where that of another picture is", () => {
    const [point, otherPoint] = [
      { x: 100, y: 20 },
      { x: 7, y: 900 },
    ];
    const other = { zoom: 2, x: -5, y: -1700 };
    const { zoom, x, y } = putBeside(0.5, point, other, otherPoint);
    assert.equal(zoom, 0.5);
    assert.deepEqual([x + zoom * point.x, y + zoom * point.y], [9, 100]);
  });
});
