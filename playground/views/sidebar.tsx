import { useEffect, useRef, useState } from 'preact/hooks';

import { tailOf } from '../api/credential.ts';
import { connection, disconnect } from '../state/connection.ts';
import {
  type Assistant,
  askForTitle,
  assistant,
  assistants,
  choose,
  type Thread,
  threads,
  titles,
} from '../state/lists.ts';
import { edited, sidebarOpen } from '../state/panes.ts';
import { go, route } from '../state/route.ts';
import { addressOf } from '../state/routes.ts';
import { moment } from './format.ts';
import { Icon, IconButton } from './icons.tsx';
import { ProblemNote } from './problem-note.tsx';

/** Assistants, threads, and what else there is. */
export const Sidebar = () => {
  useEffect(() => {
    void assistants.read();
    void threads.read();
  }, []);
  const box = useRef<HTMLElement>(null);
  const isOpen = sidebarOpen.value;
  useEffect(() => {
    if (isOpen) box.current?.querySelector<HTMLElement>('.brand-close button')?.focus();
  }, [isOpen]);
  const close = () => {
    sidebarOpen.value = false;
  };
  return (
    <nav ref={box} class="sidebar" aria-label="Assistants and threads">
      <div class="brand">
        <img src={iconAddress()} alt="" width="24" height="24" />
        <a href={addressOf({ name: 'home' })} onClick={close}>
          Hourglass
        </a>
        <span class="brand-close">
          <IconButton icon="close" label="Close the menu" onClick={close} />
        </span>
      </div>
      <Assistants />
      <Threads />
      <ul class="places">
        <Place name="files" label="Files" icon="file" />
        <Place name="vector-stores" label="Vector stores" icon="store" />
        <Place name="reference" label="Reference" icon="book" />
      </ul>
      <div class="signed-in">
        <Icon name="key" />
        <span>
          Key <code>…{connection.value && tailOf(connection.value.credential)}</code>
        </span>
        <button type="button" class="quiet" onClick={disconnect}>
          Sign out
        </button>
      </div>
    </nav>
  );
};

const iconAddress = (): string => document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href ?? '';

const Place = ({
  name,
  label,
  icon,
}: {
  name: 'files' | 'vector-stores' | 'reference';
  label: string;
  icon: 'file' | 'store' | 'book';
}) => (
  <li>
    <a
      href={addressOf({ name })}
      class="row"
      aria-current={route.value.name === name ? 'page' : undefined}
      onClick={() => {
        sidebarOpen.value = false;
      }}
    >
      <Icon name={icon} /> {label}
    </a>
  </li>
);

const Assistants = () => (
  <section aria-labelledby="assistants-title">
    <div class="section-head">
      <h2 id="assistants-title">Assistants</h2>
      <IconButton
        icon="plus"
        label="New assistant"
        onClick={() => {
          edited.value = 'new';
        }}
      />
    </div>
    <ProblemNote problem={assistants.problem.value} onRetry={() => void assistants.read()} />
    <ul class="rows rows-assistants">
      {assistants.items.value.map((one) => (
        <AssistantRow key={one.id} one={one} />
      ))}
    </ul>
    {assistants.hasMore.value && (
      <button type="button" class="quiet more" onClick={() => void assistants.readMore()}>
        Show more
      </button>
    )}
    {assistants.state.value === 'read' &&
      assistants.items.value.length === 0 &&
      !assistants.problem.value && (
        <p class="empty">None yet. An assistant is a model with instructions and tools.</p>
      )}
  </section>
);

const AssistantRow = ({ one }: { one: Assistant }) => {
  const name = one.name || one.id;
  return (
    <li class="row-with-tools">
      <button
        type="button"
        class="row"
        aria-pressed={assistant.value?.id === one.id}
        onClick={() => {
          choose(one.id);
          sidebarOpen.value = false;
        }}
      >
        <span class="row-name" dir="auto">
          {name}
        </span>
        <span class="row-fact">{one.model}</span>
      </button>
      <IconButton
        icon="edit"
        label={`Edit ${name}`}
        onClick={() => {
          edited.value = one;
        }}
      />
    </li>
  );
};

const Threads = () => {
  const [wanted, setWanted] = useState('');
  const words = wanted.trim().toLowerCase();
  const fits = ({ id }: Thread) =>
    words === '' ||
    id.toLowerCase().includes(words) ||
    (titles.value.get(id) ?? '').toLowerCase().includes(words);
  const shown = threads.items.value.filter(fits);
  return (
    <section class="threads" aria-labelledby="threads-title">
      <div class="section-head">
        <h2 id="threads-title">Threads</h2>
        <IconButton
          icon="plus"
          label="New thread"
          onClick={() => {
            go({ name: 'home' });
            sidebarOpen.value = false;
          }}
        />
      </div>
      {threads.items.value.length > 4 && (
        <label class="search">
          <Icon name="search" />
          <input
            type="search"
            aria-label="Search the threads"
            placeholder="Search"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </label>
      )}
      <ProblemNote problem={threads.problem.value} onRetry={() => void threads.read()} />
      <ul class="rows rows-threads">
        {shown.map((thread) => (
          <ThreadRow key={thread.id} thread={thread} />
        ))}
      </ul>
      {threads.hasMore.value && words === '' && (
        <button type="button" class="quiet more" onClick={() => void threads.readMore()}>
          Show more
        </button>
      )}
      {threads.state.value === 'read' && shown.length === 0 && !threads.problem.value && (
        <p class="empty">
          {words === '' ? 'None yet. A question starts one.' : 'No thread shown here fits.'}
        </p>
      )}
    </section>
  );
};

const ThreadRow = ({ thread }: { thread: Thread }) => {
  const line = useRef<HTMLLIElement>(null);
  const current = route.value.name === 'thread' && route.value.id === thread.id;
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) void askForTitle(thread.id);
    });
    observer.observe(line.current!);
    return () => observer.disconnect();
  }, [thread.id]);
  return (
    <li ref={line}>
      <a
        class="row"
        href={addressOf({ name: 'thread', id: thread.id })}
        aria-current={current ? 'page' : undefined}
        onClick={() => {
          sidebarOpen.value = false;
        }}
      >
        <span class="row-name" dir="auto">
          {titles.value.get(thread.id) ?? thread.id}
        </span>
        <span class="row-fact">{moment(thread.created_at)}</span>
      </a>
    </li>
  );
};
