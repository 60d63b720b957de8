// The editor of the page: one view in a shadow root, one state for every file that was opened, so that each keeps its
// own undo, cursor and scroll place. CodeMirror's style sheets are constructed ones there, as the page's CSP asks.
import { EditorState } from "@codemirror/state";
import {
  EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { diagnosticCount, lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { actions } from "./actions.js";
import { languages } from "./language.js";
import { theme } from "./theme.js";
import { typing } from "./typing.js";

class Editor {
  /** `onEdit(path, text)` after every change a person makes; `onCursor(line, column)` counts from 1. */
  constructor(host, onEdit, onCursor) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    this.onEdit = onEdit;
    this.onCursor = onCursor;
    this.files = new Map(); // path → { state, scroll }
    this.marks = new Map(); // path → diagnostics
    this.path = null;
    this.view = new EditorView({ root, parent: root, state: EditorState.create({ doc: "" }) });
  }

  state(path, text, language) {
    return EditorState.create({
      doc: text,
      extensions: [
        lintGutter(), lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(), drawSelection(),
        indentOnInput(), indentUnit.of("  "), EditorState.tabSize.of(2), bracketMatching(), closeBrackets(),
        highlightActiveLine(), highlightSelectionMatches(), actions, typing, theme, languages[language] ?? [],
        EditorView.contentAttributes.of({
          "aria-label": path,
          "aria-description": "Escape, then Tab, leaves the editor",
        }),
        // Tab indents; after Escape CodeMirror lets the next Tab move the focus, as the description says.
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, indentWithTab]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) this.onEdit(this.path, update.state.doc.toString());
          if (update.docChanged || update.selectionSet) this.tellCursor(update.state);
        }),
      ],
    });
  }

  tellCursor(state) {
    const head = state.selection.main.head;
    const line = state.doc.lineAt(head);
    this.onCursor(line.number, head - line.from + 1);
  }

  /** Shows a file; `text` counts only the first time it is shown. */
  open(path, text, language) {
    if (this.path === path) return;
    this.keep();
    const file = this.files.get(path) ?? { state: this.state(path, text, language), scroll: null };
    this.path = path;
    this.view.setState(file.state);
    if (file.scroll) this.view.dispatch({ effects: file.scroll });
    this.mark();
    this.tellCursor(this.view.state);
  }

  keep() {
    if (this.path !== null) this.files.set(this.path, { state: this.view.state, scroll: this.view.scrollSnapshot() });
  }

  /** Forgets a file: the next `open` takes the text it is given. */
  forget(path) {
    this.files.delete(path);
    if (this.path === path) this.path = null;
  }

  forgetAll() {
    this.files.clear();
    this.marks.clear();
    this.path = null;
  }

  /** Replaces the diagnostics of a file: `[{from, to, severity, message}]` in UTF-16 units. */
  setMarks(path, marks) {
    this.marks.set(path, marks);
    if (this.path === path) this.mark();
  }

  clearMarks() {
    this.marks.clear();
    this.mark();
  }

  mark() {
    const length = this.view.state.doc.length;
    const clamp = (n) => Math.max(0, Math.min(n, length));
    const list = (this.marks.get(this.path) ?? []).map((mark) => ({ ...mark, from: clamp(mark.from), to: clamp(mark.to) }));
    // Most renders find nothing: then there is nothing to redraw.
    if (list.length > 0 || diagnosticCount(this.view.state) > 0) this.view.dispatch(setDiagnostics(this.view.state, list));
  }

  /** Selects a range of the file in view and brings it to the middle. */
  reveal(from, to) {
    const length = this.view.state.doc.length;
    const anchor = Math.min(from, length);
    this.view.dispatch({
      selection: { anchor, head: Math.min(Math.max(from, to), length) },
      effects: EditorView.scrollIntoView(anchor, { y: "center" }),
    });
    this.view.focus();
  }

  focus() { this.view.focus(); }
  destroy() { this.view.destroy(); }
}

export function createEditor(host, onEdit, onCursor) {
  return new Editor(host, onEdit, onCursor);
}
