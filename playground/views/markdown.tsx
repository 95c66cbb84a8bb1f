import { Lexer, type Token, type Tokens } from 'marked';
import type { ComponentChildren, JSX } from 'preact';

import { type Annotation, type Annotations, noAnnotations } from './annotations.ts';
import { Code, CopyButton } from './code.tsx';
import { Keep } from './keep.tsx';
import { safeLink } from './safe-link.ts';

/**
 * Markdown → elements, without a detour over markup: there is no text that could become a tag, so that a model's
 * answer has nothing to escape from. HTML in it is shown as the text it is.
 */
export interface MarkdownProps {
  readonly text: string;
  readonly annotations?: Annotations;
  /** How a file's mark or link shows; `label` is the link's text, if it had one. */
  readonly annotation?: (annotation: Annotation, label: ComponentChildren) => ComponentChildren;
}

interface Context {
  readonly annotations: Annotations;
  readonly annotation: NonNullable<MarkdownProps['annotation']>;
}

/** Deeper nesting is shown as plain text: thousands of `>` are no quotation. */
const DEPTH = 24;
/** Longer texts are shown as they are: nobody waits for their Markdown. */
const LIMIT = 300_000;

export const Markdown = ({ text, annotations = noAnnotations, annotation }: MarkdownProps) => {
  const context: Context = { annotations, annotation: annotation ?? ((_, label) => label) };
  const blocks = tokensOf(text);
  return (
    <div class="markdown">
      {blocks.map((token, index) => (
        <Keep key={index} by={[token.raw, token.type, annotations]}>
          {() => block(token, context, 0)}
        </Keep>
      ))}
    </div>
  );
};

function tokensOf(text: string): Token[] {
  const plain = [{ type: 'text', raw: text, text } as Token];
  if (text.length > LIMIT || /^(?:[ \t]*(?:>|(?:[*+-]|\d+[.)])[ \t])){24}/m.test(text)) return plain;
  try {
    return new Lexer({ gfm: true, breaks: false }).lex(text);
  } catch {
    return plain; // Whatever the lexer cannot take is shown as it came.
  }
}

const all = (
  tokens: readonly Token[] | undefined,
  draw: (token: Token, context: Context, depth: number) => ComponentChildren,
  context: Context,
  depth: number,
): ComponentChildren =>
  (tokens ?? []).map((token) => (depth > DEPTH ? token.raw : draw(token, context, depth + 1)));

function block(token: Token, context: Context, depth: number): ComponentChildren {
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading': {
      // The page has headings of its own above these.
      const Tag = `h${Math.min((token as Tokens.Heading).depth + 2, 6)}` as 'h3';
      return <Tag dir="auto">{all(token.tokens, inline, context, depth)}</Tag>;
    }
    case 'paragraph':
      return <p dir="auto">{all(token.tokens, inline, context, depth)}</p>;
    case 'text':
      return token.tokens ? (
        <span dir="auto">{all(token.tokens, inline, context, depth)}</span>
      ) : (
        <span class="as-it-is">{cut((token as Tokens.Text).text, context)}</span>
      );
    case 'code': {
      const { text, lang } = token as Tokens.Code;
      return <CodeBlock text={text} language={(lang ?? '').split(/\s/)[0] ?? ''} />;
    }
    case 'blockquote':
      return <blockquote dir="auto">{all(token.tokens, block, context, depth)}</blockquote>;
    case 'list':
      return list(token as Tokens.List, context, depth);
    case 'table':
      return table(token as Tokens.Table, context, depth);
    case 'hr':
      return <hr />;
    case 'html':
      return <p class="as-it-is">{token.raw.trimEnd()}</p>;
    default:
      return inline(token, context, depth);
  }
}

function inline(token: Token, context: Context, depth: number): ComponentChildren {
  switch (token.type) {
    case 'text':
      return token.tokens
        ? all(token.tokens, inline, context, depth)
        : cut(withCharacters((token as Tokens.Text).text), context);
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'strong':
      return <strong>{all(token.tokens, inline, context, depth)}</strong>;
    case 'em':
      return <em>{all(token.tokens, inline, context, depth)}</em>;
    case 'del':
      return <del>{all(token.tokens, inline, context, depth)}</del>;
    case 'codespan':
      return <code dir="ltr">{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br />;
    case 'link': {
      const { href, tokens } = token as Tokens.Link;
      const known = context.annotations.ofLink(href);
      const label = all(tokens, inline, context, depth);
      return known ? context.annotation(known, label) : <Link address={href} label={label} raw={token.raw} />;
    }
    case 'image': {
      // Pictures from elsewhere would tell that place who reads this: they are links.
      const { href, text } = token as Tokens.Image;
      const known = context.annotations.ofLink(href);
      return known ? (
        context.annotation(known, text)
      ) : (
        <Link address={href} label={text || 'Picture'} raw={token.raw} />
      );
    }
    default:
      return token.raw;
  }
}

const Link = ({ address, label, raw }: { address: string; label: ComponentChildren; raw: string }) => {
  const link = safeLink(address);
  if (!link) return <span class="dead-link">{raw}</span>;
  return (
    <a href={link.href} target="_blank" rel="noopener noreferrer nofollow" title={link.href}>
      {label}
      <span class="leads-to"> ({link.leadsTo})</span>
    </a>
  );
};

const CodeBlock = ({ text, language }: { text: string; language: string }) => (
  <div class="code-block">
    <div class="code-head">
      <span>{language || 'text'}</span>
      <CopyButton text={() => text} />
    </div>
    <Code text={text} language={language} />
  </div>
);

function list({ ordered, start, items }: Tokens.List, context: Context, depth: number): JSX.Element {
  const content = items.map((item, index) => (
    <li key={index} dir="auto">
      {item.task && <input type="checkbox" checked={item.checked === true} disabled aria-label="Task" />}
      {all(item.tokens, block, context, depth)}
    </li>
  ));
  return ordered ? <ol start={Number(start) || 1}>{content}</ol> : <ul>{content}</ul>;
}

const table = ({ header, rows, align }: Tokens.Table, context: Context, depth: number): JSX.Element => (
  <div class="table" tabIndex={0} role="region" aria-label="Table">
    <table>
      <thead>
        <tr>
          {header.map((cell, column) => (
            <th key={column} class={`align-${align[column] ?? 'start'}`} dir="auto">
              {all(cell.tokens, inline, context, depth)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={index}>
            {row.map((cell, column) => (
              <td key={column} class={`align-${align[column] ?? 'start'}`} dir="auto">
                {all(cell.tokens, inline, context, depth)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const cut = (text: string, { annotations, annotation }: Context): ComponentChildren =>
  annotations.cut(text).map((part) => (typeof part === 'string' ? part : annotation(part, undefined)));

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

/** `&amp;` and its like: text all the same, since nothing reads it as markup afterwards. */
const withCharacters = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,6}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
