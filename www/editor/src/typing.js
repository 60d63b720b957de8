// Typing over a selection, done by the editor instead of the browser.
import { EditorView } from "@codemirror/view";

// A browser that replaces coloured text copies its colours into `style` attributes, which the page's policy forbids: over
// several lines always, inside one line when a whole coloured piece goes. An input method's composition cannot be taken
// over; it is left alone.
export const typing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    if (event.inputType !== "insertText" || event.data === null || empty || view.composing) return false;
    const change = () =>
      view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    // Closing brackets and their like come first, as they do for what the browser types.
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, event.data, change))) view.dispatch(change());
    return true;
  },
});
