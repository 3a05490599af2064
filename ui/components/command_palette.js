/* Command palette: opens without a round trip, asks the server only for entity matches. */
export default {
  props: { commands: Array, results: Array },
  emits: ["search"],
  template: `
  <div><div v-if="open" class="scrim" @mousedown.self="open = false" @keydown="onKey">
    <div class="palette" role="dialog" aria-modal="true" aria-label="Command palette">
      <input ref="input" v-model="q" role="combobox" aria-expanded="true" aria-controls="palette-list" :aria-activedescendant="items.length ? 'pal-' + at : null" aria-label="Type a command or search" :placeholder="keys ? 'Keys' : 'Type a command, or search everything…'" spellcheck="false">
      <p v-if="!items.length" class="grp none" role="status">No results for “{{ q }}”</p>
      <ul id="palette-list" v-show="items.length" role="listbox" aria-label="Results">
        <template v-for="(c, i) in items" :key="c.id"><li v-if="i === 0 || items[i - 1].group !== c.group" class="grp" role="presentation">{{ c.group }}</li>
          <li role="option" :id="'pal-' + i" :aria-selected="String(i === at)" @mousemove="at = i" @click="run(c)"><svg class="i"><use :href="'/static/icons.svg#' + c.icon"/></svg><span>{{ c.label }}</span><span class="hint"><span v-if="c.hint">{{ c.hint }}</span><kbd v-for="k in c.keys || []">{{ k }}</kbd></span></li></template>
      </ul>
      <div class="pf"><span><kbd>↑</kbd> <kbd>↓</kbd> navigate</span><span><kbd>↵</kbd> open</span><span><kbd>esc</kbd> close</span></div>
    </div></div></div>`,
  data: () => ({ open: false, q: "", at: 0, keys: false }),
  computed: {
    items() {
      const q = this.q.trim().toLowerCase();
      const some = this.commands.filter((c) => this.keys === (c.group === "Keys") || this.keys);
      const f = some.filter((c) => (this.keys ? (c.keys || []).length : true) && (!q || c.label.toLowerCase().includes(q)));
      return [...f, ...(q ? this.results || [] : [])];
    },
  },
  watch: {
    q(v) {
      this.at = 0;
      clearTimeout(this.t);
      if (v.trim()) this.t = setTimeout(() => this.$emit("search", v.trim()), 140);
    },
    items: "stay", // what is found comes and goes below the choice
  },
  mounted() {
    this.on = (e) => {
      this.keys = e.detail === ">";
      this.back = document.activeElement;
      this.open = true;
      this.at = 0;
      this.q = "";
      this.$nextTick(() => this.$refs.input.focus());
    };
    window.addEventListener("lab:palette", this.on);
  },
  unmounted() {
    window.removeEventListener("lab:palette", this.on);
  },
  methods: {
    stay() {
      this.at = Math.max(0, Math.min(this.at, this.items.length - 1));
    },
    close() {
      this.open = false;
      this.back?.focus?.();
    },
    run(c) {
      this.close();
      if (c.href) Lab.go(c.href);
      else if (c.js) new Function(c.js)();
    },
    onKey(e) {
      if (e.key === "Escape") this.close();
      else if (e.key === "ArrowDown") this.at++, this.stay();
      else if (e.key === "ArrowUp") this.at = Math.max(0, this.at - 1);
      else if (e.key === "Enter" && this.items[this.at]) this.run(this.items[this.at]);
      else if (e.key !== "Tab") return;
      e.preventDefault();
      this.$nextTick(() =>
        this.$el.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }),
      );
    },
  },
};
