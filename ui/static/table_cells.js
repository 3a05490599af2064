/* How each kind of cell of a data table is drawn. Values are escaped here, once; a row is plain data. */
export const ICON = (name, size = "") =>
  `<svg class="i ${size && "i-" + size}" aria-hidden="true"><use href="/static/icons.svg#${name}"/></svg>`;
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const esc = (s) => String(s ?? "").replace(/[&<>"]/g, (m) => ENTITIES[m]);
const hue = (name) => [...name].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 360, 7);
const initials = (name) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((p) => p[0] || "")
    .join("")
    .toUpperCase();
const until = (end) => (end ? Date.parse(end) : Lab.now());
const star = (r) =>
  r.starred === undefined
    ? ""
    : `<button class="star" data-star="${esc(r.id)}" aria-pressed="${r.starred}" aria-label="Favourite ${esc(r.name)}">${ICON("star", "sm")}</button>`;
const tags = (r) => (r.tags || []).map((t) => `<span class="tag mini">${esc(t)}</span>`).join("");

export const CELLS = {
  title: (v, r) =>
    `<div class="hrow g1"><a class="title ellipsis" href="${esc(r.href)}">${esc(v)}</a>${tags(r)}${star(r)}</div><div class="subt ellipsis">${esc(r.subtitle)}</div>`,
  status: (v, r) => `<span class="chip" data-st="${esc(v)}">${Lab.glyph(v)}${esc(r.status_label)}</span>`,
  progress: (v, r) => {
    const percent = Math.round(v * 100);
    return `<div class="hrow meter" data-st="${esc(r.status)}"><div class="bar grow" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${percent}"><i style="width:${percent}%"></i></div><span class="num t-sm muted">${percent}%</span></div>`;
  },
  stack: (v) =>
    `<div class="stack" role="img" aria-label="${esc(v.map(([s, n]) => n + " " + s.toLowerCase()).join(", "))}">${v.map(([s, n]) => `<i data-st="${esc(s)}" style="flex:${+n}"></i>`).join("")}</div>`,
  time: (v) =>
    `<time class="muted num" datetime="${esc(v)}" data-rel title="${esc(Lab.abs(v))}">${Lab.rel(v, Lab.now())}</time>`,
  duration: (v, r) =>
    `<time class="muted num" datetime="${esc(v)}" data-dur ${r.finished ? `data-end="${esc(r.finished)}"` : ""}>${Lab.dur(until(r.finished) - Date.parse(v))}</time>`,
  user: (v) =>
    `<span class="ava" title="${esc(v)}" style="--h:${hue(v)}">${esc(initials(v))}<span class="sr">${esc(v)}</span></span>`,
  number: (v) => `<span class="num">${esc(v)}</span>`,
  mono: (v) => `<span class="mono t-sm muted">${esc(v)}</span>`,
  tag: (v) => `<span class="tag">${esc(v)}</span>`,
  link: (v) => `<a class="lined" href="${esc(v[1])}">${esc(v[0])}</a>`,
  download: (v, r) =>
    `<a class="btn s ghost" href="${esc(v)}" download aria-label="Download ${esc(r.name)}">${ICON("download", "sm")}</a>`,
  past: (v) =>
    `<a class="btn s ghost" href="/jobs?as_of=${+v}" data-load aria-label="See the lab as of position ${+v}">${ICON("history", "sm")}As of</a>`,
  launch: (v, r) =>
    `<a class="btn s" href="${esc(v)}" aria-label="Launch ${esc(r.name)}">${ICON("rocket", "sm")}Launch</a>`,
  text: (v) => `<span class="muted">${esc(v)}</span>`,
};
