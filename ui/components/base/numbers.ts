// Numbers as text.

export const writeMinus = (text: string) => text.replaceAll("-", "−");

/** Three significant figures at most; with an exponent below `least` and from `most` on. */
export function writeNumber(value: number, least = 1e-4, most = 1e4) {
  if (!value) return "0";
  const size = Math.abs(value);
  return writeMinus(size >= most || size < least ? value.toExponential(1) : String(Number(value.toPrecision(3))));
}
