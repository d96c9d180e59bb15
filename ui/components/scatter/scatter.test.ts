import assert from "node:assert/strict";
import { test } from "node:test";
import { calm } from "../points/geometry";
import { Camera, normalize, Travel } from "./motion";
import { blend, mix, toPixel } from "./painter";

const near = (found: number, expected: number, least = 1e-6) =>
  assert.ok(Math.abs(found - expected) <= least, `${found} is not ${expected}`);

test("a layout fills a box around the origin and keeps its proportions", () => {
  assert.deepEqual(normalize(Float32Array.of(2, 10, 6, 12)), { at: Float32Array.of(-1, -0.5, 1, 0.5), half: [1, 0.5] });
  assert.deepEqual(normalize(Float32Array.of(3, 3)).at, Float32Array.of(0, 0)); // all in one place
});

test("a journey that is interrupted goes on from where it is", () => {
  Object.assign(calm, { matches: false });
  const layout = (x: number) => ({ at: Float32Array.of(x, 0), half: [1, 1] as const });
  const travel = new Travel();
  travel.go(layout(0), true);
  travel.go(layout(1), false);
  const places: number[] = [];
  const step = (now: number) => {
    const moves = travel.step(now);
    places.push(travel.at[0]);
    return moves;
  };
  assert.deepEqual([1000, 1225].map(step), [true, true]);
  travel.go(layout(-1), false);
  assert.deepEqual([1300, 1400, 1750].map(step), [true, true, false]);
  const [first, halfway, again, later, last] = places;
  [0, 0.5, 0.5, -1].forEach((x, i) => near([first, halfway, again, last][i], x));
  assert.ok(-1 < later && later < 0.5);
});

test("zooming keeps the place under the pointer, at once and while it glides", () => {
  Object.assign(calm, { matches: false });
  const camera = Object.assign(new Camera(), { width: 640, height: 430 });
  const under = () => {
    const { s, x, y } = camera.view([1, 0.8]);
    return [(200 - x) / s, (y - 90) / s];
  };
  const before = under();
  const stays = () => under().forEach((place, axis) => near(place, before[axis]));
  camera.set(camera.zoom(3.7, 200, 90));
  stays();
  camera.glide(camera.zoom(0.5, 200, 90));
  for (const now of [0, 40, 90, 170]) {
    assert.equal(camera.step(now), true);
    stays();
  }
  assert.equal(camera.step(180), false);
  near(camera.pose.k, 1.85);
});

test("colours are mixed by shares of 256 parts", () => {
  const [over, under] = [
    [200, 30, 90],
    [20, 24, 29],
  ];
  const pixel = (color: number[]) => toPixel(`#${Buffer.from(color).toString("hex")}`);
  for (const share of [0, 34, 92, 128, 255, 256]) {
    const mixed = mix(pixel(over), pixel(under), share);
    assert.equal(mixed >>> 24, 255);
    over.forEach((a, i) => near((mixed >>> (8 * i)) & 255, (a * share + under[i] * (256 - share)) / 256, 1));
  }
});

test("a pixel between four others is their mean by distance", () => {
  const pixels = Uint32Array.from(["#100000", "#300000", "#500000", "#900000"], toPixel);
  assert.equal(blend(pixels, 0, 2, 0, 0), toPixel("#100000"));
  assert.equal(blend(pixels, 0, 2, 16, 16), toPixel("#900000"));
  assert.equal(blend(pixels, 0, 2, 8, 8), toPixel("#480000")); // (16 + 48 + 80 + 144) / 4 = 72
});
