/** A piece of code and what it is; '' is plain. */
export interface Piece {
  readonly kind: '' | 'comment' | 'string' | 'keyword' | 'number' | 'name';
  readonly text: string;
}

const PYTHON_WORDS =
  'False|None|True|and|as|assert|async|await|break|case|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield';
const NUMBERS = String.raw`\b(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?)j?\b`;

/** Groups: comment, string, keyword, number, name. A string that is still being written reaches to the end. */
const PYTHON = new RegExp(
  [
    '(#[^\\n]*)',
    `([rRbBfFuU]{0,2}(?:"""[\\s\\S]*?(?:"""|$)|'''[\\s\\S]*?(?:'''|$)|"(?:\\\\.|[^"\\\\\\n])*"?|'(?:\\\\.|[^'\\\\\\n])*'?))`,
    `\\b(${PYTHON_WORDS})\\b`,
    `(${NUMBERS})`,
    '([A-Za-z_]\\w*)(?=\\s*\\()',
  ].join('|'),
  'g',
);
const JSON_TEXT = /()("(?:\\.|[^"\\\n])*"?)|\b(true|false|null)\b|(-?\b\d[\d.eE+-]*)|(?!)()/g;
const LANGUAGES: Readonly<Record<string, RegExp>> = {
  python: PYTHON,
  py: PYTHON,
  json: JSON_TEXT,
};
const KINDS = ['comment', 'string', 'keyword', 'number', 'name'] as const;
/** Beyond this it stays plain: nobody reads so much, and everybody would wait for it. */
const LIMIT = 60_000;

/** Cuts code into pieces that together are the code. Pure. */
export function highlight(code: string, language: string): Piece[] {
  const grammar = LANGUAGES[language.toLowerCase()];
  if (!grammar || code.length > LIMIT) return [{ kind: '', text: code }];
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of code.matchAll(grammar)) {
    if (match.index > end) pieces.push({ kind: '', text: code.slice(end, match.index) });
    const group = match.slice(1).findIndex((text) => text !== undefined && text !== '');
    pieces.push({ kind: KINDS[group] ?? '', text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < code.length) pieces.push({ kind: '', text: code.slice(end) });
  return pieces;
}
