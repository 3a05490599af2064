/* Server-paged table: one element, patched by row id, driven by keys, cards on phones. */
const ICON = (name, size = "") =>
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

const CELLS = {
  title: (v, r) =>
    `<a class="title" href="${esc(r.href)}">${esc(v)}</a><div class="subt ellipsis">${esc(r.subtitle)}</div>`,
  status: (v, r) => `<span class="chip" data-st="${esc(v)}">${Lab.glyph(v)}${esc(r.status_label)}</span>`,
  progress: (v, r) => {
    const percent = Math.round(v * 100);
    return `<div class="hrow meter" data-st="${esc(r.status)}"><div class="bar grow" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${percent}"><i style="width:${percent}%"></i></div><span class="num t-sm muted">${percent}%</span></div>`;
  },
  time: (v) =>
    `<time class="muted num" datetime="${esc(v)}" data-rel title="${esc(Lab.abs(v))}">${Lab.rel(v, Lab.now())}</time>`,
  duration: (v, r) =>
    `<time class="muted num" datetime="${esc(v)}" data-dur ${r.finished ? `data-end="${esc(r.finished)}"` : ""}>${Lab.dur(until(r.finished) - Date.parse(v))}</time>`,
  user: (v) =>
    `<span class="ava" title="${esc(v)}" style="--h:${hue(v)}">${esc(initials(v))}<span class="sr">${esc(v)}</span></span>`,
  number: (v) => `<span class="num">${esc(v)}</span>`,
  mono: (v) => `<span class="mono t-sm muted">${esc(v)}</span>`,
  tag: (v) => `<span class="tag">${esc(v)}</span>`,
  download: (v, r) =>
    `<a class="btn s ghost" href="${esc(v)}" download aria-label="Download ${esc(r.name)}">${ICON("download", "sm")}</a>`,
  text: (v) => `<span class="muted">${esc(v)}</span>`,
};

export default {
  props: {
    columns: Array,
    rows: Array,
    facets: Array,
    choices: Array,
    query: String,
    facet: String,
    chosen: String,
    newest: Boolean,
    older: String,
    ready: Boolean,
    filters: Boolean,
    label: String,
    empty: Object,
  },
  emits: ["change"],
  template: `
  <section class="card dt" :aria-label="label" :aria-busy="!ready">
    <div v-if="filters" class="bar2">
      <div class="search"><span v-html="icon('search')"></span>
        <input class="input" data-search type="search" :placeholder="'Filter ' + label.toLowerCase() + '…'" :aria-label="'Filter ' + label" :value="typed" @input="search($event.target.value)" @keydown.esc="$event.target.blur()"></div>
      <select v-if="(choices || []).length" class="input narrow" aria-label="Experiment" :value="chosen" @change="$emit('change', {select: $event.target.value})">
        <option value="">All experiments</option><option v-for="c in choices" :value="c[0]">{{ c[1] }}</option></select>
      <div class="facets" role="group" aria-label="Status">
        <button v-for="f in facets" class="facet" :data-st="f.key || null" :aria-pressed="String((facet || '') === f.key)" @click="$emit('change', {facet: f.key})">
          <span v-if="f.key && f.count >= 0" class="dot" :class="{pulse: f.key === 'RUNNING' && f.count}"></span>{{ f.label }} <span v-if="f.count >= 0" class="n">{{ f.count.toLocaleString() }}</span></button>
      </div>
    </div>
    <button v-if="fresh" class="fresh" @click="fresh = 0; $emit('change', {page: ''})" v-html="icon('arrow-up', 'sm') + '<span>' + fresh + (fresh === 1 ? ' new job' : ' new jobs') + '</span>'"></button>
    <div class="scroll"><table>
      <thead><tr><th v-for="c in columns" :key="c.key" :class="[c.align === 'right' ? 'r' : '', c.cls]" :style="c.width ? {width: c.width} : {}"><span :class="{sr: c.hide_label}">{{ c.label }}</span></th></tr></thead>
      <tbody v-if="!ready"><tr v-for="n in 8"><td v-for="c in columns" :class="c.cls"><div class="skel" :style="{width: 30 + (n * 37) % 50 + '%'}"></div></td></tr></tbody>
      <tbody v-else><tr v-for="(r, i) in data" :key="r.id" :class="{cur: i === cursor, flash: flashed.has(r.id), still: !r.href}" @click="open(r, $event)">
        <td v-for="c in columns" :key="c.key" :class="[c.align === 'right' ? 'r num' : '', c.cls]" v-html="cell(c, r)"></td></tr></tbody>
    </table>
    <div v-if="ready && !data.length" class="empty"><div class="art" v-html="icon((empty || {}).icon || 'search', 'lg')"></div><h2>{{ filtered ? 'Nothing matches' : empty.title }}</h2><p>{{ filtered ? 'No ' + label.toLowerCase() + ' for these filters.' : empty.text }}</p>
      <div class="hrow"><button v-if="filtered" class="btn" @click="clear">Clear filters</button><a v-else-if="empty.href" class="btn primary" :href="empty.href">{{ empty.action }}</a></div></div>
    </div>
    <div v-if="filters && (data.length || !newest)" class="foot num"><span aria-live="polite">{{ data.length.toLocaleString() }} shown</span><span class="grow"></span>
      <span class="hide-s"><kbd>J</kbd> <kbd>K</kbd> move · <kbd>↵</kbd> open · <kbd>/</kbd> filter</span>
      <button class="btn s" :disabled="newest" @click="$emit('change', {page: ''})">Newest</button>
      <button class="btn s" :disabled="!older" @click="$emit('change', {page: older})">Older</button></div>
  </section>`,
  data() {
    return { data: this.rows || [], typed: this.query || "", cursor: -1, flashed: new Set(), fresh: 0 };
  },
  computed: {
    filtered() {
      return !!(this.query || this.facet || this.chosen);
    },
  },
  watch: {
    rows(v) {
      this.data = v;
      this.fresh = 0;
      this.cursor = Math.min(this.cursor, v.length - 1);
    },
  },
  mounted() {
    window.addEventListener("keydown", this.onKey);
  },
  unmounted() {
    window.removeEventListener("keydown", this.onKey);
    clearTimeout(this.timer);
  },
  methods: {
    icon: ICON,
    cell(c, r) {
      const v = r[c.key];
      if (v === null || v === undefined || v === "") return '<span class="faint">—</span>';
      return (CELLS[c.kind] || CELLS.text)(v, r);
    },
    search(v) {
      this.typed = v;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.$emit("change", { query: v }), 180);
    },
    clear() {
      this.typed = "";
      this.$emit("change", { query: "", facet: "", select: "" });
    },
    open(r, e) {
      if (!r.href || e.target.closest("a,button,input") || getSelection().toString()) return;
      e.metaKey || e.ctrlKey ? window.open(r.href, "_blank") : Lab.go(r.href);
    },
    patch(rows, fresh) {
      const by = new Map(rows.map((r) => [r.id, r])),
        hit = [];
      this.data = this.data.map((r) => {
        const n = by.get(r.id);
        if (n && n.status !== r.status) hit.push(r.id);
        return n ? { ...r, ...n } : r;
      });
      this.fresh = fresh;
      if (hit.length) {
        this.flashed = new Set(hit);
        setTimeout(() => (this.flashed = new Set()), 1300);
      }
    },
    onKey(e) {
      if (
        e.metaKey ||
        e.ctrlKey ||
        e.altKey ||
        e.target.closest("input,select,textarea,[contenteditable],.cm-editor,[role=dialog],.log")
      )
        return;
      const n = this.data.length,
        k = e.key;
      if (k === "j" || k === "ArrowDown") this.cursor = Math.min(n - 1, this.cursor + 1);
      else if (k === "k" || k === "ArrowUp") this.cursor = Math.max(0, this.cursor - 1);
      else if (k === "Enter" && this.cursor >= 0 && !e.target.closest("a,button"))
        return void (this.data[this.cursor].href && Lab.go(this.data[this.cursor].href));
      else return;
      e.preventDefault();
      this.$nextTick(() => this.$el.querySelector("tr.cur")?.scrollIntoView({ block: "nearest" }));
    },
  },
};
