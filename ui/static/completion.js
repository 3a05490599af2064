/* Offers, while task.yaml is typed, what may stand there: the keys of the section, the values of a closed set. */
import * as CM from "nicegui-codemirror";

const known = fetch("/static/task-keys.json").then((answer) => answer.json());
const plain = (text) => text.replace(/^(\s*)- /, "$1  ");

// The keys that lead to a line this deep; null inside of a text, where anything may stand.
function sectionAt(doc, number, deep) {
  const path = [];
  for (let n = number - 1; n > 0 && deep > 0; n--) {
    const text = plain(doc.line(n).text);
    const depth = text.search(/\S/);
    if (depth < 0 || depth >= deep || text[depth] === "#") continue;
    const opens = text.match(/^\s*([^\s:]+):\s*(#.*)?$/);
    if (!opens) return null;
    path.unshift(opens[1]);
    deep = depth;
  }
  return path;
}

async function offered(context) {
  const line = context.state.doc.lineAt(context.pos);
  const before = plain(line.text.slice(0, context.pos - line.from));
  const [, indent, key, typed] = before.match(/^(\s*)([\w-]*)(?::\s+(\S*))?$/) || [];
  const word = typed ?? key;
  if (word === undefined || (!word && !context.explicit)) return null;
  const path = sectionAt(context.state.doc, line.number, indent.length);
  const node = path?.reduce((at, name) => at?.k?.[name] ?? at?.a, await known);
  const values = node?.k?.[key]?.v || [];
  const options =
    typed === undefined
      ? Object.entries(node?.k || {}).map(([label, one]) => ({
          label, type: "property", info: one.d, apply: label + (one.k || one.a ? ":" : ": "),
        }))
      : values.map((label) => ({ label, type: "constant" }));
  if (!options.length || (typed !== undefined && values.includes(word))) return null;
  return { from: context.pos - word.length, options, validFor: /^[\w-]*$/ };
}

export function completing(view) {
  const extension = view.state.constructor.languageData.of(() => [{ autocomplete: offered }]);
  view.dispatch({ effects: CM.StateEffect.appendConfig.of(extension) });
}
