import { useState } from 'preact/hooks';

import { highlight } from './highlight.ts';
import { Icon } from './icons.tsx';

/** Code with its colours. Left to right, whatever the page's language. */
export const Code = ({ text, language = '' }: { text: string; language?: string }) => (
  <pre class="code" dir="ltr" tabIndex={0} role="region" aria-label={language ? `${language} code` : 'Code'}>
    <code>
      {highlight(text, language).map(({ kind, text: piece }, index) =>
        kind === '' ? (
          piece
        ) : (
          <span key={index} class={`code-${kind}`}>
            {piece}
          </span>
        ),
      )}
    </code>
  </pre>
);

export const CopyButton = ({ text, label = 'Copy' }: { text: () => string; label?: string }) => {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    setDone(true);
    setTimeout(() => setDone(false), 1_500);
  };
  return (
    <button type="button" class="quiet" onClick={() => void copy().catch(() => undefined)}>
      <Icon name={done ? 'check' : 'copy'} />
      {done ? 'Copied' : label}
    </button>
  );
};
