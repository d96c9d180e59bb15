// Keeps the clouds of each family where the tour finds them: Map family -> Map layer -> Cloud.
class Cloud {
  constructor(bytes, d, step, scale, mean) {
    Object.assign(this, { bytes, d, step, scale, mean, n: bytes.length / 2 / d });
  }

  // Standardised samples (n, d), made when they are wanted for the first time.
  get X() {
    this.samples ??= Float32Array.from(new Int16Array(this.bytes.buffer), (steps) => steps * this.step);
    return this.samples;
  }
}

export default function ({ data }) {
  const kept = (window.layerscopeClouds ??= new Map());
  for (const family of kept.keys()) if (!data.keep.includes(family)) kept.delete(family);
  const family = kept.get(data.family) ?? new Map();
  kept.set(data.family, family);
  const column = (name) => data.clouds.getChild(name);
  for (let i = 0; i < data.clouds.numRows; i++) {
    const layer = column("layer").get(i);
    if (family.has(layer)) continue;
    const mean = new Float64Array(column("mean").get(i).slice().buffer); // a copy is aligned
    const bytes = column("steps").get(i).slice();
    family.set(layer, new Cloud(bytes, data.d, column("step").get(i), column("scale").get(i), mean));
  }
  dispatchEvent(new Event("layerscope:clouds"));
}
