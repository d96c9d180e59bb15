// How large marks are: they grow with the plot and with the zoom, and shrink with the number of samples.
const roominess = (width, height) => clamp(0.9, (Math.min(width, height * 1.5) / 680) ** 0.5, 1.4);

// In pixels.
function measureRadius(n, width, height, zoom) {
  const base = n <= 150 ? 5.5 : n <= 2000 ? 3.4 : n <= 20_000 ? 2.3 : 1.4;
  return base * roominess(width, height) * Math.min(2.2, zoom ** 0.28);
}
