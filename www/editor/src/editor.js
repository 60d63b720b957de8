// The editor: CodeMirror in a shadow root, where it uses constructed style sheets, which the page's CSP allows.
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";

class Editor {
  constructor(host, doc, onChange) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    this.view = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc,
        extensions: [
          lineNumbers(),
          history(),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
  }

  destroy() {
    this.view.destroy();
  }
}

export function createEditor(host, doc, onChange) {
  return new Editor(host, doc, onChange);
}
