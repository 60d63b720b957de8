// Lays a ground under every template action in view, also over several lines.
import { Decoration, ViewPlugin } from "@codemirror/view";
import { RangeSetBuilder } from "@codemirror/state";

const mark = Decoration.mark({ class: "cm-action" });
// An action that started above the view is found when it began at most this many characters before it (a guess).
const LOOK_BACK = 2000;

function decorations(view) {
  const builder = new RangeSetBuilder();
  let done = 0;
  for (const { from, to } of view.visibleRanges) {
    const start = Math.max(done, from - LOOK_BACK);
    const text = view.state.sliceDoc(start, Math.min(view.state.doc.length, to + LOOK_BACK));
    const action = /\{\{(?:-?\s*\/\*[^]*?\*\/\s*-?|"(?:[^"\\\n]|\\.)*"|`[^`]*`|(?!\}\}|\{\{)[^])*?\}\}/g;
    for (let match = action.exec(text); match; match = action.exec(text)) {
      const at = start + match.index;
      if (at > to) break;
      if (at >= done) {
        builder.add(at, at + match[0].length, mark);
        done = at + match[0].length;
      }
    }
  }
  return builder.finish();
}

export const actions = ViewPlugin.fromClass(
  class {
    constructor(view) { this.decorations = decorations(view); }
    update(update) {
      if (update.docChanged || update.viewportChanged) this.decorations = decorations(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);
