// The editor's style sheet, in the words of tokens.css: custom properties reach into the shadow root, rules do not.
import { EditorView } from "@codemirror/view";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";

const wave = (colour) => ({
  backgroundImage: "none",
  textDecoration: `underline wavy 1px var(${colour})`,
  textUnderlineOffset: "4px",
  textDecorationSkipInk: "none",
  paddingBottom: "0",
});

const sheet = EditorView.theme({
  "&": { height: "100%", fontSize: "var(--text-code)", color: "var(--text-1)", backgroundColor: "var(--surface-1)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-code)", lineHeight: "var(--row-code)", padding: "var(--s-3) 0", scrollbarWidth: "thin", scrollbarColor: "var(--border-strong) transparent" },
  ".cm-content": { padding: "0", caretColor: "var(--accent)", minHeight: "100%" },
  ".cm-line": { padding: "0 var(--s-8) 0 0" },
  ".cm-gutters": { backgroundColor: "var(--surface-1)", color: "var(--line-number)", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "34px", padding: "0 14px 0 0", fontSize: "11.5px", fontVariantNumeric: "tabular-nums" },
  ".cm-gutter-lint": { width: "18px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 0 0 var(--s-2)", display: "flex", alignItems: "center" },
  ".cm-lint-marker": { content: "normal", width: "11px", height: "11px", borderRadius: "50%", border: "1.5px solid currentColor", position: "relative" },
  ".cm-lint-marker::after": { content: '""', position: "absolute", inset: "2px", borderRadius: "50%", background: "currentColor" },
  ".cm-lint-marker-error": { content: "normal", color: "var(--error-rule)" },
  ".cm-lint-marker-warning": { content: "normal", color: "var(--warning-rule)", borderRadius: "2px" },
  ".cm-lint-marker-info": { content: "normal", color: "var(--info-rule)" },
  ".cm-activeLine": { backgroundColor: "var(--line-active)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text-1)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "1.5px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--selection)" },
  ".cm-content ::selection, .cm-line::selection": { backgroundColor: "var(--selection) !important" },
  ".cm-selectionMatch": { backgroundColor: "var(--surface-selected)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--surface-selected)", outline: "none" },
  ".cm-action": { backgroundColor: "var(--syn-action-ground)", borderRadius: "var(--radius-1)" },
  ".cm-lintRange-error": wave("--error"),
  ".cm-lintRange-warning": wave("--warning"),
  ".cm-lintRange-info": wave("--info"),
  ".cm-lintPoint::after": { borderBottomColor: "var(--error)" },
  ".cm-tooltip": { border: "0", borderRadius: "var(--radius-3)", backgroundColor: "var(--surface-raised)", color: "var(--text-1)", boxShadow: "var(--shadow-2)", overflow: "hidden", maxWidth: "min(560px, 90vw)" },
  ".cm-diagnostic": { padding: "var(--s-4) var(--s-5)", borderLeft: "3px solid var(--error-rule)", fontFamily: "var(--font-ui)", fontSize: "var(--text-sm)", lineHeight: "1.45", whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warning-rule)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--info-rule)" },
  ".cm-panels": { backgroundColor: "var(--surface-2)", color: "var(--text-1)", borderColor: "var(--border)" },
  ".cm-panel.cm-search": { fontFamily: "var(--font-ui)", fontSize: "var(--text-sm)", padding: "var(--s-3) var(--s-8) var(--s-3) var(--s-5)" },
  ".cm-panel.cm-search input.cm-textfield": { backgroundColor: "var(--surface-1)", border: "1px solid var(--border-strong)", borderRadius: "var(--radius-1)", color: "inherit", fontSize: "var(--text-sm)" },
  ".cm-panel.cm-search .cm-button": { background: "var(--surface-1)", border: "1px solid var(--border-strong)", borderRadius: "var(--radius-2)", color: "inherit", fontSize: "var(--text-sm)" },
  ".cm-searchMatch": { backgroundColor: "var(--origin-mark)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--selection)", boxShadow: "inset 0 0 0 1px var(--accent)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--surface-code)", border: "0", color: "var(--text-2)" },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--syn-key)" },
  { tag: tags.string, color: "var(--syn-string)" },
  { tag: tags.special(tags.string), color: "var(--text-1)" },
  { tag: tags.number, color: "var(--syn-number)" },
  { tag: tags.bool, color: "var(--syn-bool)" },
  { tag: tags.comment, color: "var(--syn-comment)" },
  { tag: tags.punctuation, color: "var(--text-3)" },
  { tag: tags.meta, color: "var(--syn-action)" },
  { tag: tags.keyword, color: "var(--syn-action)", fontWeight: "500" },
  { tag: tags.function(tags.variableName), color: "var(--syn-function)" },
  { tag: tags.variableName, color: "var(--syn-variable)" },
]);

export const theme = [sheet, syntaxHighlighting(colours)];
