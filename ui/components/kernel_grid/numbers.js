// Numbers from bytes, and as text. The scripts of this folder are joined to one module, behind those
// that it shares with the plots.
function decode(table, column, Type) {
  const bytes = table.getChild(column).get(0).slice(); // Arrow hands bytes out at any offset
  return new Type(bytes.buffer);
}

// Three significant figures, without an exponent where that is short.
function tell(value) {
  if (!value) return "0";
  const size = Math.abs(value);
  const text = size >= 1e4 || size < 1e-4 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replace("-", "−");
}
