/* What charts are made of: colours from CSS variables, smoothing, axis labels. */
export const css = (name) =>
  getComputedStyle(document.documentElement)
    .getPropertyValue("--" + name)
    .trim();

export const resolve = (o) => {
  if (typeof o === "string") return o.startsWith("var-") ? css(o.slice(4)) : o;
  if (Array.isArray(o))
    return o.length && typeof o[0] !== "object" && typeof o[0] !== "string"
      ? o
      : o.map((v, i) => (i > 2000 ? v : resolve(v)));
  if (o && typeof o === "object")
    return Object.fromEntries(
      Object.entries(o).map(([k, v]) => [
        k,
        k === "data" && Array.isArray(v) && v.length > 50 ? v : k.startsWith(":") ? v : resolve(v),
      ]),
    );
  return o;
};

/* Exponential mean without its bias at the beginning; a gap stays a gap. */
export const smooth = (points, weight) => {
  let last = 0,
    seen = 0;
  return points.map(([x, y]) => {
    if (y === null) return [x, y];
    last = last * weight + (1 - weight) * y;
    seen++;
    return [x, last / (1 - weight ** seen)];
  });
};

const short = (v) =>
  Math.abs(v) >= 1e6
    ? +(v / 1e6).toFixed(1) + "M"
    : Math.abs(v) >= 1e4
      ? +(v / 1e3).toFixed(1) + "k"
      : String(+v.toPrecision(4));
export const nice = (x) => (x === "time" ? (s) => Lab.dur(s * 1000) : short);
