// Typing over a selection of several lines, done by the editor instead of the browser.
import { EditorView } from "@codemirror/view";

// A browser that replaces such a selection joins the lines itself and copies the colours of what it joins into `style`
// attributes, which the page's policy forbids. An input method's composition cannot be taken over; it is left alone.
export const typing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to } = view.state.selection.main;
    const isOneLine = to <= view.state.doc.lineAt(from).to;
    if (event.inputType !== "insertText" || event.data === null || isOneLine || view.composing) return false;
    const change = () =>
      view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    // Closing brackets and their like come first, as they do for what the browser types.
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, event.data, change))) view.dispatch(change());
    return true;
  },
});
