// How far samples moved from layer to layer, and the colours of it.
const TOP_SHARE = 0.98; // of the samples lies within the scale: a few that moved far would use up its colours

// Distances (n) between the places of samples in two clouds (n, d), the first turned onto the second: what only
// turns has not moved. Both have a mean squared distance of 1 from their centre.
function measureMovement(before, after, d) {
  const turned = transform(before, d, alignLayers(before, after, d));
  return Float32Array.from({ length: after.length / d }, (_, i) => {
    let sum = 0;
    for (let k = i * d; k < i * d + d; k++) sum += (after[k] - turned[k]) ** 2;
    return Math.sqrt(sum);
  });
}

// The steps of one scale for the samples of all views: { groups: [(n)], entries, ends }, for distances [(n)].
function gradeMovement(moves, colors) {
  const sorted = Float32Array.from(moves.flatMap((each) => [...each])).sort();
  const last = sorted.length - 1;
  const [low, high] = [sorted[0], sorted[Math.ceil(TOP_SHARE * last)]];
  const edge = (step) => low + ((high - low) * step) / colors.length;
  const grade = (x) => clamp(0, Math.floor(((x - low) / (high - low || 1)) * colors.length), colors.length - 1);
  return {
    groups: moves.map((each) => Int32Array.from(each, grade)),
    entries: colors.map((color, step) => {
      const name = `${edge(step).toFixed(2)} to ${edge(step + 1).toFixed(2)}`;
      return { name, color, shape: "circle" };
    }),
    ends: [low.toFixed(2), `${sorted[last] > high ? "≥ " : ""}${high.toFixed(2)}`],
  };
}
