"""axe-core in a page, asked once for each look of a text: contrast is most of its work.

What contrast depends on is the text's colour, size and weight, and every background and opacity it
lies on. A look that was asked about on one page is not asked about again on the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

SCRIPT = Path(axe_playwright_python.__file__).parent / "axe.min.js"
"""Put it into a page before the page's own scripts."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = "color-contrast"

_STILL = """() => Promise.all(document.getAnimations()
  .filter((a) => a.effect.getComputedTiming().iterations !== Infinity).map((a) => a.finished))"""
_RUN = """([context, options]) => axe.run(context ?? document, options)
  .then((found) => found.violations.map((v) =>
    v.id + " " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 150)).join(" | ")))"""
_NEW_LOOKS = """(exclude) => {
  const seen = new Set(JSON.parse(sessionStorage.looks ?? "[]"));
  const before = seen.size;
  const under = new Map();  // of an element: every background and opacity down to the page
  const beneath = (element) => {
    if (!element) return "";
    if (!under.has(element)) {
      const s = getComputedStyle(element);
      const own = [s.backgroundColor, s.backgroundImage, s.opacity, s.filter].join(" ");
      const plain = own === "rgba(0, 0, 0, 0) none 1 none";
      under.set(element, (plain ? "" : own + "/") + beneath(element.parentElement));
    }
    return under.get(element);
  };
  const says = (e) => e.matches("input,textarea,select")
    || [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
  const hidden = exclude.flat().join(",");
  const fresh = [...document.body.querySelectorAll("*")].filter((element) => {
    if (!says(element) || !element.checkVisibility() || (hidden && element.closest(hidden))) return false;
    const s = getComputedStyle(element);
    const own = [s.color, s.fontSize, s.fontWeight, s.textShadow, element.matches(":disabled")];
    const look = [...own, beneath(element)].join(";");
    return !seen.has(look) && seen.add(look);
  });
  if (seen.size > before) sessionStorage.looks = JSON.stringify([...seen]);
  return fresh;
}"""


def violations(page: Page, *, without: Sequence[list[str]] = ()) -> list[str]:
    """What breaks any of ``RULES``; of contrast only where a text looks as none did before in this tab."""
    page.evaluate(_STILL)
    context = {"exclude": without} if without else None
    every = _options("tag", RULES) | {"rules": {CONTRAST: {"enabled": False}}}
    found: list[str] = page.evaluate(_RUN, [context, every])
    return found + contrast(page, without=without)


def contrast(page: Page, *, without: Sequence[list[str]] = ()) -> list[str]:
    """Texts that cannot be read, of those that look as none did before in this tab."""
    page.evaluate(_STILL)
    fresh = page.evaluate_handle(_NEW_LOOKS, without)
    if not fresh.evaluate("(texts) => texts.length"):
        return []
    run = f"(include, [exclude, options]) => ({_RUN})([{{include, exclude}}, options])"
    found: list[str] = fresh.evaluate(run, [list(without), _options("rule", [CONTRAST])])
    return found


def _options(kind: str, values: Sequence[str]) -> dict[str, object]:
    only = {"type": kind, "values": values}
    return {"runOnly": only, "resultTypes": ["violations"], "preload": False}
