import { useState } from 'preact/hooks';

import type { RunEvent } from '../api/run-events.ts';
import { Code } from './code.tsx';
import { duration, plural } from './format.ts';

/** As many are drawn at once: a long run has thousands. */
const SHOWN = 200;

/** The events of a run as they came: id, time since the first, name; the data on demand. */
export const EventList = ({ events }: { events: readonly RunEvent[] }) => {
  const [all, setAll] = useState(false);
  const [filter, setFilter] = useState('');
  const first = events[0]?.at ?? 0;
  const fitting = events.filter(({ event }) => event.event.includes(filter.trim().toLowerCase()));
  const shown = all ? fitting : fitting.slice(-SHOWN);
  return (
    <div class="stack">
      <input
        type="search"
        aria-label="Filter the events by name"
        placeholder="Filter, for example step.delta"
        value={filter}
        onInput={(event) => setFilter(event.currentTarget.value)}
      />
      <p class="muted">{plural(fitting.length, 'event')}</p>
      {shown.length < fitting.length && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          Show the first {fitting.length - shown.length}, too
        </button>
      )}
      <ol class="events">
        {shown.map(({ id, event, at }, index) => (
          <li key={id ?? `none ${index}`}>
            <details>
              <summary>
                <span class="event-name">{event.event.replace(/^thread\./, '')}</span>
                <span class="event-time">{duration(at - first)}</span>
                <code class="event-id">{id ?? 'no id'}</code>
              </summary>
              <Lazy event={event.data} />
            </details>
          </li>
        ))}
      </ol>
    </div>
  );
};

const Lazy = ({ event }: { event: unknown }) => (
  <Code text={JSON.stringify(event, undefined, 2)} language="json" />
);
