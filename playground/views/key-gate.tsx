import { useState } from 'preact/hooks';

import { connect, connecting, refusal } from '../state/connection.ts';
import { ProblemNote } from './problem-note.tsx';

/** The door: a key, and what becomes of it. */
export const KeyGate = () => {
  const [key, setKey] = useState('');
  const [keeps, setKeeps] = useState(false);
  const isLocal = /^(127\.|localhost$|\[::1\]$)/.test(location.hostname);
  return (
    <main class="gate">
      <img
        src={document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href}
        alt=""
        width="48"
        height="48"
      />
      <h1>Hourglass playground</h1>
      <p>
        The Assistants API, to try and to look into: watch code as it is written, figures as they are drawn,
        and every step of a run.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() !== '') void connect({ kind: 'key', key: key.trim() }, { remember: keeps });
        }}
      >
        <label for="key">API key</label>
        <input
          id="key"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={key}
          required
          autofocus
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={keeps}
            onChange={(event) => setKeeps(event.currentTarget.checked)}
          />
          Keep it in this tab when the page is reloaded
        </label>
        <ProblemNote problem={refusal.value} />
        <button type="submit" class="primary" disabled={connecting.value || key.trim() === ''}>
          {connecting.value ? 'Opening …' : 'Open'}
        </button>
      </form>
      <p class="muted">
        {isLocal ? (
          <>
            <code>npm start</code> prints a key, and an address that opens this page with it.
          </>
        ) : (
          'Ask the operator of this deployment for a key.'
        )}{' '}
        The key stays in this tab and is sent to this deployment only.
      </p>
    </main>
  );
};
