/* Behaviour that must not cost a server round trip: theme, relative times, copy, shortcuts, mobile navigation. */
const Lab = (window.Lab = {
  go(href) {
    const a = Object.assign(document.createElement("a"), { href });
    document.body.append(a);
    a.click();
    a.remove();
  },
  glyph: (status) =>
    `<svg viewBox="0 0 16 16" aria-hidden="true">${(window.LAB_STATUS || {})[status] || ""}</svg>`,
  mode: () => (document.cookie.match(/(?:^|; )theme=(light|dark)/) || [0, "auto"])[1],
  dark: (mode) => mode === "dark" || (mode === "auto" && matchMedia("(prefers-color-scheme: dark)").matches),
  theme(mode) {
    document.cookie = `theme=${mode};path=/;max-age=31536000;samesite=lax`;
    document.documentElement.dataset.theme = Lab.dark(mode) ? "dark" : "light";
    Lab.scheme();
    window.dispatchEvent(new CustomEvent("lab:theme"));
  },
  scheme() {
    const scheme = document.documentElement.dataset.theme;
    document.cookie = `scheme=${scheme};path=/;max-age=31536000;samesite=lax`;
    if (window.did_handshake) emitEvent("lab_scheme", scheme);
    const [icon, name] = { auto: ["monitor", "system"], light: ["sun", "light"], dark: ["moon", "dark"] }[
      Lab.mode()
    ];
    for (const el of document.querySelectorAll("[data-theme-next]")) {
      if (el.title === `Theme: ${name} (⇧T)`) continue;
      el.querySelector("use").setAttribute("href", `/static/icons.svg#${icon}`);
      el.setAttribute("aria-label", `Theme: ${name}`);
      el.title = `Theme: ${name} (⇧T)`;
    }
  },
  nextTheme() {
    Lab.theme({ auto: "light", light: "dark", dark: "auto" }[Lab.mode()]);
  },
  rel(iso, now = Date.now()) {
    const s = Math.round((now - Date.parse(iso)) / 1000),
      a = Math.abs(s);
    const [n, u] =
      a < 60
        ? [a, "s"]
        : a < 3600
          ? [a / 60, "m"]
          : a < 86400
            ? [a / 3600, "h"]
            : a < 2592000
              ? [a / 86400, "d"]
              : [a / 2592000, "mo"];
    return a < 5 ? "just now" : s < 0 ? `in ${Math.floor(n)}${u}` : `${Math.floor(n)}${u} ago`;
  },
  abs: (iso) => new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" }),
  dur(ms) {
    const s = Math.max(0, Math.floor(ms / 1000)),
      h = Math.floor(s / 3600),
      m = Math.floor((s % 3600) / 60);
    return h >= 48
      ? `${Math.floor(h / 24)}d ${h % 24}h`
      : h
        ? `${h}h ${m}m`
        : m
          ? `${m}m ${s % 60}s`
          : `${s}s`;
  },
  toast(text, kind = "ok", undo = "") {
    let host = document.querySelector(".toasts");
    if (!host) {
      host = Object.assign(document.createElement("div"), { className: "toasts", role: "status" });
      host.setAttribute("aria-live", "polite");
      document.body.append(host);
    }
    const el = Object.assign(document.createElement("div"), { className: "toast " + kind });
    el.innerHTML = `<svg class="i" aria-hidden="true"><use href="/static/icons.svg#${kind === "ok" ? "circle-check" : "circle-alert"}"/></svg><span></span>`;
    el.querySelector("span").textContent = text;
    if (undo) {
      const back = Object.assign(document.createElement("button"), { className: "btn s", textContent: "Undo" });
      back.onclick = () => (emitEvent("lab_undo", undo), el.remove());
      el.append(back);
    }
    while (host.children.length > 2) host.firstChild.remove();
    host.append(el);
    setTimeout(
      () => {
        el.classList.add("out");
        setTimeout(() => el.remove(), 240);
      },
      undo || kind !== "ok" ? 9000 : 4000,
    );
  },
  now: () => Date.now(),
  nextDensity() {
    const dense = document.documentElement.dataset.density !== "dense";
    document.documentElement.dataset.density = dense ? "dense" : "";
    document.cookie = `density=${dense ? "dense" : ""};path=/;max-age=31536000;samesite=lax`;
  },
  // Over plain HTTP there is no clipboard, and a browser may refuse it: then the older way, and never a false word.
  async copy(text, told = "Copied") {
    const written = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    if (written || Lab.copySelected(text)) Lab.toast(told);
    else Lab.toast("This browser lets no page copy. Select the text and copy it yourself.", "bad");
  },
  copySelected(text) {
    const before = document.activeElement;
    const area = Object.assign(document.createElement("textarea"), { value: text, className: "sr" });
    (before?.parentElement || document.body).append(area); // an open question keeps the focus inside of it
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus?.({ preventScroll: true });
    return done;
  },
  copyLink: () => Lab.copy(location.href, "Copied the link"),
  signOut: () => document.querySelector('form[action="/logout"]')?.submit(),
  connection(lost) {
    const app = document.querySelector(".app");
    if (!app || app.classList.contains("offline") === lost) return;
    app.classList.toggle("offline", lost);
    let bar = document.querySelector(".lost");
    if (lost && !bar) {
      bar = Object.assign(document.createElement("div"), { className: "lost" });
      bar.setAttribute("role", "alert");
      bar.innerHTML = `<svg class="i" aria-hidden="true"><use href="/static/icons.svg#wifi-off"/></svg><span>Connection lost. What you see may be out of date; trying again.</span>`;
      document.body.append(bar);
    } else if (!lost) bar?.remove();
  },
  nameEditor(id, name) {
    let looks = 600; // for half a minute: the page may be left before its editor is there
    const look = setInterval(() => {
      const content = document.querySelector(`#${id} .cm-content`);
      if (!looks--) clearInterval(look);
      if (content) {
        content.setAttribute("aria-label", name);
        document.querySelector(`#${id} .cm-scroller`).tabIndex = 0;
        clearInterval(look);
        import("/static/completion.js").then((m) => {
          const editor = getElement(+id.slice(1))?.editor; // the page may have been left
          if (editor) m.completing(editor);
        });
      }
    }, 50);
  },
  tick(root = document) {
    const now = Lab.now();
    const set = (el, text) => el.textContent === text || (el.textContent = text); // an equal write would still wake the observer
    for (const el of root.querySelectorAll("time[data-rel]")) {
      set(el, Lab.rel(el.dateTime, now));
      el.title ||= Lab.abs(el.dateTime);
    }
    for (const el of root.querySelectorAll("time[data-dur]"))
      set(el, Lab.dur((el.dataset.end ? Date.parse(el.dataset.end) : now) - Date.parse(el.dateTime)));
  },
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => Lab.theme(Lab.mode()));
setInterval(() => document.hidden || Lab.tick(), 1000);
// A question gives the focus back to what had it; its element is gone before Quasar would.
let outside = null,
  asked = false;
document.addEventListener("focusin", (e) => {
  if (e.target.closest(".q-dialog")) asked = true;
  else outside = e.target;
});
const giveBack = () => {
  if (!asked || document.activeElement !== document.body || document.querySelector(".q-dialog__inner")) return;
  asked = false;
  outside?.isConnected && outside.focus({ preventScroll: true });
};
new MutationObserver(
  () => (
    giveBack(),
    Lab.tick(),
    (Lab.scheme.once ||= document.querySelector("[data-theme-next]") && (Lab.scheme(), true))
  ),
).observe(document.documentElement, { childList: true, subtree: true });

// In the past every link of ours leads on in it; the one back to now loads the page anew.
const past = () => document.querySelector("[data-as-of]")?.dataset.asOf;
const inPast = (href) => {
  const to = new URL(href, location.href);
  if (past() && to.origin === location.origin) to.searchParams.set("as_of", past());
  return to.pathname + to.search + to.hash;
};
// What was typed and not saved is not left without a question; the attribute says where it is.
const unsaved = () => document.querySelector("[data-unsaved]")?.dataset.unsaved;
const stays = () => unsaved() && !confirm("Leave without saving? What you typed here is lost.");
addEventListener("beforeunload", (e) => unsaved() && e.preventDefault());
addEventListener(
  "popstate",
  (e) => {
    const here = unsaved();
    if (!here || here === location.pathname || !stays()) return;
    history.pushState(null, "", here);
    e.stopImmediatePropagation();
  },
  true,
);
addEventListener(
  "click",
  (e) => {
    const link = e.target.closest("a[href^='/']");
    const here = link && !link.download && !link.target && !(e.metaKey || e.ctrlKey || e.shiftKey);
    if (here && stays()) {
      e.preventDefault();
      return e.stopImmediatePropagation();
    }
    if (e.target.closest("[data-now]")) {
      e.preventDefault();
      e.stopImmediatePropagation();
      const here = new URL(location.href);
      here.searchParams.delete("as_of");
      return location.assign(here.pathname + here.search);
    }
    if (link && link.dataset.load !== undefined) {
      e.preventDefault();
      e.stopImmediatePropagation();
      return location.assign(link.href);
    }
    if (link && past() && !link.download) link.setAttribute("href", inPast(link.getAttribute("href")));
    const copy = e.target.closest("[data-copy]");
    if (copy) {
      e.preventDefault();
      e.stopPropagation();
      Lab.copy(copy.dataset.copy);
    }
    if (e.target.closest("[data-travel]")) {
      const at = document.querySelector("#as-of")?.value;
      if (at) location.assign("/jobs?as_of=" + encodeURIComponent(at + ":00Z"));
    }
    if (e.target.closest("[data-theme-next]")) Lab.nextTheme();
    if (e.target.closest("[data-palette]")) dispatchEvent(new CustomEvent("lab:palette"));
    if (e.target.closest("[data-nav]")) document.querySelector(".side")?.classList.toggle("open");
    else if (!e.target.closest(".side") || e.target.closest(".side a"))
      document.querySelector(".side")?.classList.remove("open");
  },
  true,
);

// Charts are the heaviest module (1.1 MB, 369 KiB on the wire); fetch them while the user reads the first page.
addEventListener("load", () =>
  (window.requestIdleCallback || setTimeout)(
    () => document.querySelector(".app") && import("nicegui-echart"),
    { timeout: 4000 },
  ),
);

// The socket says when it is gone; NiceGUI shows its popup, which the banner replaces.
const watch = setInterval(() => {
  if (!window.socket) return;
  clearInterval(watch);
  window.socket.on("disconnect", () => Lab.connection(true));
  window.socket.on("connect", () => Lab.connection(false));
}, 200);

// Going back, a page is where it was left; sub pages begin at the top.
const left = new Map();
addEventListener("scroll", () => left.set(location.href, scrollY), { passive: true });
addEventListener("popstate", () => {
  const y = left.get(location.href);
  if (y) for (const ms of [60, 200, 500]) setTimeout(() => scrollTo(0, y), ms);
});

const PLACES = {
  h: "/", e: "/experiments", t: "/tasks", j: "/jobs", c: "/compare", w: "/sweeps", s: "/sessions",
  r: "/artifacts", p: "/providers", q: "/quota", m: "/members", k: "/secrets", n: "/notifications",
  a: "/audit", d: "/admin",
};
const tab = (step) => {
  const all = [...document.querySelectorAll("nav.tabs a")];
  const at = all.findIndex((a) => a.getAttribute("aria-current") === "page");
  if (at >= 0) all[(at + step + all.length) % all.length].click();
};
const CHORD_MS = 900;
let begun = -Infinity; // when "g" was pressed; a timer for each would end the chord that comes after
addEventListener("keydown", (e) => {
  if ((e.metaKey || e.ctrlKey) && e.key.toLowerCase() === "k") {
    e.preventDefault();
    return void dispatchEvent(new CustomEvent("lab:palette"));
  }
  if ((e.metaKey || e.ctrlKey) && (e.key === "s" || e.key === "Enter")) {
    const wanted = document.querySelector(e.key === "s" ? "[data-save]" : "[data-launch]");
    if (wanted) {
      e.preventDefault();
      if (!wanted.disabled) wanted.click();
      return;
    }
  }
  if (
    e.metaKey ||
    e.ctrlKey ||
    e.altKey ||
    e.target.closest("input,select,textarea,[contenteditable],.cm-editor,[role=dialog]")
  )
    return;
  if (e.timeStamp - begun < CHORD_MS) {
    const to = PLACES[e.key];
    begun = -Infinity;
    if (to) {
      e.preventDefault();
      Lab.go(to);
    }
    return;
  }
  if (e.key === "g") begun = e.timeStamp;
  else if (e.key === "/") {
    const s = document.querySelector("[data-search]");
    if (s) {
      e.preventDefault();
      s.focus();
    }
  } else if (e.key === "[" || e.key === "]") tab(e.key === "]" ? 1 : -1);
  else if (e.key === "c") {
    e.preventDefault();
    Lab.go("/launch");
  } else if (e.key === "?") {
    e.preventDefault();
    dispatchEvent(new CustomEvent("lab:palette", { detail: ">" }));
  }
  else if (e.key === "T") Lab.nextTheme();
});
