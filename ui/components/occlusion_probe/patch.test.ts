import assert from "node:assert/strict";
import { test } from "node:test";
import { snap } from "./patch";

test("a patch lies on the raster and within the picture", () => {
  const geometry = { width: 224, height: 224, patch: 33, stride: 8, raster: 4, filling: "" };
  assert.deepEqual(snap(geometry, 5.9, 6.1), [4, 8]);
  assert.deepEqual(snap(geometry, -3, 500), [0, 191]); // 191 = 224 - 33: the edge, though off the raster
  assert.deepEqual(snap({ ...geometry, patch: 224 }, 10, 10), [0, 0]);
  assert.deepEqual(snap({ ...geometry, height: 100 }, 500, 500), [191, 67]);
});
