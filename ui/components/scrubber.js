/* A handle over a log's time: moves under the hand at once, asks the server when it rests or pauses. */
export default {
  props: { bars: Array, begin: String, end: String, at: Number, steps: Number },
  emits: ["move"],
  template: `
  <div class="scrub">
    <div class="hrow spread t-sm muted num"><span>{{ day(0) }}</span><b class="b5">{{ day(place) }}</b><span>{{ day(steps) }}</span></div>
    <div class="hist" aria-hidden="true"><i v-for="(b, n) in bars" :class="{past: n * steps <= place * bars.length}" :style="{height: b + 'px'}"></i></div>
    <input type="range" min="0" :max="steps" step="1" aria-label="Moment" :aria-valuetext="day(place)" :value="place" @input="moved($event)" @change="rested">
  </div>`,
  data() {
    return { place: this.at };
  },
  watch: {
    at(v) {
      if (!this.timer) this.place = v;
    },
  },
  unmounted() {
    clearTimeout(this.timer);
  },
  methods: {
    day(place) {
      const from = Date.parse(this.begin);
      const then = new Date(from + ((Date.parse(this.end) - from) * place) / this.steps);
      return then.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "UTC" });
    },
    moved(e) {
      this.place = +e.target.value;
      this.timer ||= setTimeout(this.rested, 200);
    },
    rested() {
      clearTimeout(this.timer);
      this.timer = 0;
      this.$emit("move", this.place);
    },
  },
};
