// A stream language for every file of a chart: YAML (or JSON, or plain text) with Go template actions inside.
// It colours what stands in front of the reader and never parses for meaning: the worker does that.
import { StreamLanguage } from "@codemirror/language";
import { tags } from "@lezer/highlight";

const KEYWORDS = new Set(["if", "else", "end", "range", "with", "define", "block", "template", "break", "continue"]);
const CONSTANTS = new Set(["true", "false", "nil"]);

/** Inside `{{ … }}`. */
function action(stream, state) {
  if (state.comment) {
    if (stream.skipTo("*/")) { stream.pos += 2; state.comment = false; } else stream.skipToEnd();
    return "comment";
  }
  if (state.raw) {
    if (stream.skipTo("`")) { stream.pos += 1; state.raw = false; } else stream.skipToEnd();
    return "string";
  }
  if (stream.eatSpace()) return null;
  if (stream.match(/^-?\}\}/)) { state.action = false; return "meta"; }
  if (stream.match("/*")) { state.comment = true; return action(stream, state); }
  if (stream.eat("`")) { state.raw = true; return action(stream, state); }
  if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^'\\]|\\.)*'?/)) return "string";
  if (stream.match(/^[-+]?(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)/)) return "number";
  if (stream.match(/^\$[\w]*(?:\.\w+)*/) || stream.match(/^(?:\.\w+)+/) || stream.match(/^\.(?!\w)/)) return "variable";
  const word = stream.match(/^[A-Za-z_]\w*/);
  if (word) return KEYWORDS.has(word[0]) ? "keyword" : CONSTANTS.has(word[0]) ? "bool" : "function";
  stream.next();
  return null;
}

/** Text outside actions, up to the next action or a piece of its own colour. */
function yaml(stream, state) {
  const opened = stream.match(/^\{\{-?/);
  if (opened) { state.action = true; return "meta"; }
  if (stream.sol()) {
    const indent = stream.indentation();
    if (state.block !== null && (indent > state.block || /^\s*$/.test(stream.string))) state.inBlock = true;
    else { state.block = null; state.inBlock = false; }
    state.quote = state.quote && !state.inBlock ? state.quote : null;
  }
  if (state.inBlock) { untilAction(stream); return "string2"; }
  if (state.quote) return quoted(stream, state);
  if (stream.eatSpace()) return null;
  if (stream.match(/^#.*/)) {
    // The comment ends where an action starts: Helm runs actions in comments too.
    const start = stream.string.lastIndexOf("#", stream.pos - 1);
    const next = stream.string.indexOf("{{", start);
    if (next >= 0 && next < stream.pos) stream.pos = next;
    return "comment";
  }
  if (stream.match(/^(?:---|\.\.\.)\s*$/)) return "punctuation";
  if (stream.match(/^[-?](?=\s|$)/)) return null;
  if (stream.match(/^[[\]{},]/)) return null;
  if (stream.match(/^(?:"(?:[^"\\{]|\\.)*"|'[^'{]*'|[^\s#:,[\]{}"'&*!|>%@`-][^\s#:,[\]{}]*(?:[ \t]+[^\s#:,[\]{}]+)*|-[^\s:,[\]{}]+)(?=\s*:(?:\s|$))/)) return "property";
  if (stream.match(/^[|>][-+0-9]*(?=\s*(?:#.*)?$)/)) { state.block = stream.indentation(); return "punctuation"; }
  if (stream.match(/^:(?=\s|$)/)) return null;
  if (stream.match(/^[&*!][^\s,[\]{}]+/)) return "variable";
  const quote = stream.peek();
  if (quote === '"' || quote === "'") { stream.next(); state.quote = quote; return quoted(stream, state); }
  if (stream.match(/^(?:true|false|null|yes|no|on|off|~)(?=\s*(?:[,\]}#]|$))/i)) return "bool";
  if (stream.match(/^[-+]?(?:0x[\da-fA-F]+|0o?[0-7]+|\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)(?=\s*(?:[,\]}#]|$))/)) return "number";
  stream.next();
  while (!stream.eol() && !stream.match(/^\{\{/, false) && !stream.match(/^[\s:,[\]{}]/, false)) stream.next();
  return null;
}

function untilAction(stream) {
  if (!stream.skipTo("{{")) stream.skipToEnd();
}

function quoted(stream, state) {
  for (;;) {
    if (stream.eol()) break;
    if (stream.match("{{", false)) return "string";
    const next = stream.next();
    if (next === "\\" && state.quote === '"') stream.next();
    else if (next === state.quote) { state.quote = null; break; }
  }
  return "string";
}

function text(stream, state) {
  if (stream.match(/^\{\{-?/)) { state.action = true; return "meta"; }
  untilAction(stream);
  return null;
}

const start = () => ({ action: false, comment: false, raw: false, block: null, inBlock: false, quote: null });

const tokenTable = {
  property: tags.propertyName, string: tags.string, string2: tags.special(tags.string), number: tags.number,
  bool: tags.bool, comment: tags.comment, meta: tags.meta, keyword: tags.keyword,
  function: tags.function(tags.variableName), variable: tags.variableName, punctuation: tags.punctuation,
};

function language(outside) {
  return StreamLanguage.define({
    startState: start,
    copyState: (state) => ({ ...state }),
    token(stream, state) {
      const before = stream.pos;
      const style = state.action || state.comment || state.raw ? action(stream, state) : outside(stream, state);
      // Never stand still: a token of no length would be an error of CodeMirror's.
      if (stream.pos === before && !stream.eol()) stream.next();
      return style;
    },
    tokenTable,
    languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", "{", '"'] } },
  });
}

export const languages = { yaml: language(yaml), json: language(yaml), template: language(text), text: [] };
