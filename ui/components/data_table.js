/* Server-paged table: one element, patched by row id, driven by keys, cards on phones. */
import { CELLS, ICON } from "/static/table_cells.js";

export default {
  props: {
    columns: Array, rows: Array, facets: Array, selects: Array, actions: Array, query: String, facet: String,
    sort: String, desc: Boolean, newest: Boolean, older: String, ready: Boolean, filters: Boolean,
    searchable: Boolean, label: String, empty: Object, unit: String,
  },
  emits: ["change", "act", "star"],
  template: `
  <section class="card dt" :aria-label="label" :aria-busy="!ready">
    <div v-if="filters" class="bar2">
      <div v-if="searchable" class="search"><span v-html="icon('search')"></span>
        <input class="input" data-search type="search" :placeholder="'Filter ' + label.toLowerCase() + '…'" :aria-label="'Filter ' + label" :value="typed" @input="search($event.target.value)" @keydown.esc="$event.target.blur()"></div>
      <select v-for="s in selects || []" :key="s.key" class="input narrow" :class="{set: s.value}" :aria-label="s.label" :value="s.value" @change="$emit('change', {select: s.key, value: $event.target.value})">
        <option v-for="o in s.options" :value="o[0]">{{ o[1] }}</option></select>
      <div class="facets" role="group" aria-label="Status">
        <button v-for="f in facets" class="facet" :data-st="f.key || null" :aria-pressed="String((facet || '') === f.key)" @click="$emit('change', {facet: f.key})">
          <span v-if="f.key && f.count >= 0" class="dot" :class="{pulse: f.key === 'RUNNING' && f.count}"></span>{{ f.label }} <span v-if="f.count >= 0" class="n">{{ f.count.toLocaleString() }}</span></button>
      </div>
    </div>
    <button v-if="fresh" class="fresh" @click="fresh = 0; $emit('change', {page: ''})" v-html="icon('arrow-up', 'sm') + '<span>' + fresh + (fresh === 1 ? ' new job' : ' new jobs') + '</span>'"></button>
    <div class="scroll" tabindex="0" role="region" :aria-label="label + ' table'"><table>
      <thead><tr><th v-if="picks" class="ck" style="width:38px"><input type="checkbox" aria-label="Select all on this page" :checked="all" :indeterminate.prop="some && !all" @change="pickAll($event.target.checked)"></th>
        <th v-for="c in columns" :key="c.key" :class="[c.align === 'right' ? 'r' : '', c.cls]" :style="c.width ? {width: c.width} : {}" :aria-sort="c.sort ? (sort === c.sort ? (desc ? 'descending' : 'ascending') : 'none') : null">
          <button v-if="c.sort" @click="$emit('change', {sort: c.sort, desc: sort === c.sort ? !desc : c.sort !== 'name'})">{{ c.label }}<span v-if="sort === c.sort" v-html="icon(desc ? 'arrow-down' : 'arrow-up')"></span></button>
          <span v-else :class="{sr: c.hide_label}">{{ c.label }}</span></th></tr></thead>
      <tbody v-if="!ready"><tr v-for="n in 8"><td v-if="picks" class="ck"></td><td v-for="c in columns" :class="c.cls"><div class="skel" :style="{width: 30 + (n * 37) % 50 + '%'}"></div></td></tr></tbody>
      <tbody v-else><tr v-for="(r, i) in data" :key="r.id" :class="{cur: i === cursor, sel: picked.has(r.id), flash: flashed.has(r.id), still: !r.href}" @click="open(r, $event)">
        <td v-if="picks" class="ck"><input type="checkbox" :aria-label="'Select ' + r.name" :checked="picked.has(r.id)" @change="pick(r.id)"></td>
        <td v-for="c in columns" :key="c.key" :class="[c.align === 'right' ? 'r num' : '', c.cls]" v-html="cell(c, r)"></td></tr></tbody>
    </table>
    <div v-if="ready && !data.length" class="empty"><div class="art" v-html="icon((empty || {}).icon || 'search', 'lg')"></div><h2>{{ filtered ? 'Nothing matches' : empty.title }}</h2><p>{{ filtered ? 'No ' + label.toLowerCase() + ' for these filters.' : empty.text }}</p>
      <div class="hrow"><button v-if="filtered" class="btn" @click="clear">Clear filters</button><a v-else-if="empty.href" class="btn primary" :href="empty.href">{{ empty.action }}</a></div></div>
    </div>
    <div v-if="filters && (data.length || !newest)" class="foot num"><span aria-live="polite">{{ data.length.toLocaleString() }} shown</span><span class="grow"></span>
      <span class="hide-s"><kbd>J</kbd> <kbd>K</kbd> move · <kbd>↵</kbd> open<template v-if="picks"> · <kbd>X</kbd> select</template> · <kbd>/</kbd> filter</span>
      <button class="btn s" :disabled="newest" @click="$emit('change', {page: ''})">First</button>
      <button class="btn s" :disabled="!older" @click="$emit('change', {page: older})">Next</button></div>
    <div v-if="some" class="bulk" role="toolbar" aria-label="Selected"><span class="num b5">{{ picked.size }} selected</span>
      <button v-for="a in actions" class="btn s" :class="a.cls" :disabled="picked.size < a.least || picked.size > a.most" @click="$emit('act', {action: a.key, ids: [...picked]})" v-html="icon(a.icon, 'sm') + '<span>' + a.label + '</span>'"></button>
      <button class="btn s ghost" @click="drop">Clear</button></div>
  </section>`,
  data() {
    return { data: this.rows || [], typed: this.query || "", cursor: -1, flashed: new Set(), fresh: 0, picked: new Set() };
  },
  computed: {
    filtered() {
      return !!(this.query || this.facet || (this.selects || []).some((s) => s.value));
    },
    picks() {
      return !!(this.actions || []).length;
    },
    some() {
      return this.picked.size > 0;
    },
    all() {
      return this.data.length > 0 && this.data.every((r) => this.picked.has(r.id));
    },
  },
  watch: {
    rows(v) {
      this.data = v;
      this.fresh = 0;
      this.cursor = Math.min(this.cursor, v.length - 1);
      const here = new Set(v.map((r) => r.id));
      this.picked = new Set([...this.picked].filter((id) => here.has(id)));
    },
    query(v) {
      if (document.activeElement?.dataset?.search === undefined) this.typed = v;
    },
  },
  mounted() {
    window.addEventListener("keydown", this.onKey);
    this.$el.addEventListener("click", this.onStar);
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
      this.$emit("change", { clear: true });
    },
    pick(id) {
      const next = new Set(this.picked);
      next.has(id) ? next.delete(id) : next.add(id);
      this.picked = next;
    },
    pickAll(on) {
      this.picked = new Set(on ? this.data.map((r) => r.id) : []);
    },
    drop() {
      this.picked = new Set();
    },
    onStar(e) {
      const star = e.target.closest("[data-star]");
      if (star) this.$emit("star", { id: star.dataset.star, on: star.getAttribute("aria-pressed") !== "true" });
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
        if (n && n.status !== undefined && n.status !== r.status) hit.push(r.id);
        return n ? { ...r, ...n } : r;
      });
      if (fresh >= 0) this.fresh = fresh;
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
        e.target.closest("input:not([type=checkbox]),select,textarea,[contenteditable],.cm-editor,[role=dialog],.log")
      )
        return;
      const n = this.data.length,
        k = e.key;
      if (k === "j" || k === "ArrowDown") this.cursor = Math.min(n - 1, this.cursor + 1);
      else if (k === "k" || k === "ArrowUp") this.cursor = Math.max(0, this.cursor - 1);
      else if (k === "x" && this.picks && this.cursor >= 0) this.pick(this.data[this.cursor].id);
      else if (k === "Escape" && this.some) this.drop();
      else if (k === "Enter" && this.cursor >= 0 && !e.target.closest("a,button"))
        return void (this.data[this.cursor].href && Lab.go(this.data[this.cursor].href));
      else return;
      e.preventDefault();
      this.$nextTick(() => this.$el.querySelector("tr.cur")?.scrollIntoView({ block: "nearest" }));
    },
  },
};
