import { useEffect, useMemo, useState } from 'preact/hooks';

import { isMissingPart, type Problem, problemOf } from '../api/problem.ts';
import { api } from '../state/connection.ts';
import { factsOf } from '../state/file-facts.ts';
import type { Listing } from '../state/listing.ts';
import {
  addFile,
  filesOf,
  isIndexing,
  type StoreFile,
  tried,
  trySearch,
  type VectorStore,
  vectorStores,
} from '../state/vector-stores.ts';
import { DropZone } from './drop-zone.tsx';
import { bytes, moment, plural } from './format.ts';
import { Icon, IconButton } from './icons.tsx';
import { ProblemNote } from './problem-note.tsx';
import { Score } from './search-call.tsx';
import { TopBar } from './top-bar.tsx';

/** How often a store is looked at while it indexes, in milliseconds. */
const LOOK_MS = 1_000;

/** Where files are searched: the stores, their files, and how far their indexing is. */
export const VectorStoresPlace = () => {
  const [problem, setProblem] = useState<Problem>();
  const [name, setName] = useState('');
  useEffect(() => {
    void vectorStores.read();
  }, []);
  const indexing = vectorStores.items.value.some(isIndexing);
  useEffect(() => {
    if (!indexing) return;
    const timer = setInterval(() => void refresh(), LOOK_MS);
    return () => clearInterval(timer);
  }, [indexing]);
  const missing = isMissingPart(vectorStores.problem.value);
  const create = async () => {
    setProblem(undefined);
    try {
      vectorStores.put(
        await api().client.vectorStores.create(name.trim() === '' ? {} : { name: name.trim() }),
      );
      setName('');
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <main class="middle" id="main" tabIndex={-1}>
      <TopBar>
        <h1 class="top-title">Vector stores</h1>
      </TopBar>
      <div class="timeline">
        <div class="column stack">
          {missing ? (
            <p class="muted">This deployment has no vector stores: its API does not know their addresses.</p>
          ) : (
            <>
              <p class="muted">
                A vector store holds files in a form that can be searched by meaning. Give one to an assistant
                that has the tool file search, and its answers cite the passages they rest on.
              </p>
              <form
                class="inline-form"
                onSubmit={(event) => {
                  event.preventDefault();
                  void create();
                }}
              >
                <input
                  aria-label="Name of a new vector store"
                  placeholder="Name"
                  value={name}
                  onInput={(event) => setName(event.currentTarget.value)}
                />
                <button type="submit">
                  <Icon name="plus" /> Create
                </button>
              </form>
              <ProblemNote problem={problem ?? vectorStores.problem.value} />
              {vectorStores.items.value.map((store) => (
                <Store key={store.id} store={store} />
              ))}
              {vectorStores.hasMore.value && (
                <button type="button" class="quiet more" onClick={() => void vectorStores.readMore()}>
                  Show more
                </button>
              )}
            </>
          )}
        </div>
      </div>
    </main>
  );
};

/** Each store that indexes, by itself: the list may be long. */
async function refresh(): Promise<void> {
  for (const store of vectorStores.items.value.filter(isIndexing)) {
    const fresh = await api()
      .client.vectorStores.retrieve(store.id)
      .catch(() => undefined); // Looked at again in a second.
    if (fresh) vectorStores.put(fresh);
  }
}

const Store = ({ store }: { store: VectorStore }) => {
  const [open, setOpen] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const { completed, failed, total } = store.file_counts;
  const remove = async () => {
    if (!confirm(`Delete the vector store ${store.name || store.id}? Its files stay.`)) return;
    try {
      await api().client.vectorStores.delete(store.id);
      vectorStores.drop(store.id);
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <section class="store" aria-label={store.name || store.id}>
      <div class="store-head">
        <button type="button" class="store-open" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name="chevron" />
          <span class="table-name" dir="auto">
            {store.name || store.id}
          </span>
          <span class="table-facts">
            {plural(total, 'file')}
            {failed > 0 && `, ${failed} failed`} · {bytes(store.usage_bytes)} · {moment(store.created_at)}
          </span>
        </button>
        <IconButton icon="trash" label={`Delete ${store.name || store.id}`} onClick={() => void remove()} />
      </div>
      {isIndexing(store) && (
        <p class="indexing">
          <progress max={total} value={completed + failed} aria-label="Files indexed" /> {completed + failed}{' '}
          of {total} indexed
        </p>
      )}
      <ProblemNote problem={problem} />
      {open && <StoreContent store={store} />}
    </section>
  );
};

const StoreContent = ({ store }: { store: VectorStore }) => {
  const list = useMemo(() => filesOf(store.id), [store.id]);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const counts = JSON.stringify(store.file_counts);
  useEffect(() => {
    void list.read();
  }, [list, counts]);
  const attempt = async (work: () => Promise<void>) => {
    setProblem(undefined);
    await work().catch((error: unknown) => setProblem(problemOf(error)));
    const fresh = await api()
      .client.vectorStores.retrieve(store.id)
      .catch(() => undefined);
    if (fresh) vectorStores.put(fresh);
  };
  const add = async (chosen: readonly File[]) => {
    setBusy(true);
    await attempt(async () => {
      for (const file of chosen) list.put(await addFile(store.id, file));
    });
    setBusy(false);
  };
  const remove = (file: StoreFile) =>
    attempt(async () => {
      await api().client.vectorStores.files.delete(file.id, { vector_store_id: store.id });
      list.drop(file.id);
    });
  return (
    <div class="stack store-content">
      <DropZone label="Add files" busy={busy} onFiles={(chosen) => void add(chosen)} />
      <ProblemNote problem={problem ?? list.problem.value} />
      <ul class="table-list">
        {list.items.value.map((file) => (
          <StoreFileLine key={file.id} file={file} onRemove={() => void remove(file)} />
        ))}
      </ul>
      <MoreButton list={list} />
      <TrySearch store={store} />
    </div>
  );
};

const MoreButton = ({ list }: { list: Listing<StoreFile> }) =>
  list.hasMore.value ? (
    <button type="button" class="quiet more" onClick={() => void list.readMore()}>
      Show more
    </button>
  ) : null;

const StoreFileLine = ({ file, onRemove }: { file: StoreFile; onRemove: () => void }) => {
  const facts = factsOf(file.id).value;
  const name = facts.file?.filename ?? file.id;
  return (
    <li>
      <span class="table-name" dir="auto">
        {name}
      </span>
      <span class={file.status === 'failed' ? 'table-facts table-bad' : 'table-facts'}>
        {file.status.replace('_', ' ')}
        {file.last_error
          ? `: ${file.last_error.message}`
          : file.status === 'completed'
            ? ` · ${bytes(file.usage_bytes)}`
            : ''}
      </span>
      <span class="table-tools">
        <IconButton icon="close" label={`Take ${name} out of the store`} onClick={onRemove} />
      </span>
    </li>
  );
};

/** What the tool would find. */
const TrySearch = ({ store }: { store: VectorStore }) => {
  const [query, setQuery] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const found = tried.value.get(store.id);
  const search = async () => {
    setProblem(undefined);
    await trySearch(store.id, query.trim()).catch((error: unknown) => setProblem(problemOf(error)));
  };
  return (
    <>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (query.trim() !== '') void search();
        }}
      >
        <input
          type="search"
          aria-label="Try a search in this store"
          placeholder="Try a search"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <button type="submit">
          <Icon name="search" /> Search
        </button>
      </form>
      <ProblemNote problem={problem} />
      {found && found.results.length === 0 && <p class="muted">Nothing fits “{found.query}”.</p>}
      {found && found.results.length > 0 && (
        <ul class="results results-framed">
          {found.results.map((result, index) => (
            <li key={index}>
              <details open={index === 0}>
                <summary>
                  <span class="file-name" dir="auto">
                    {result.filename}
                  </span>
                  <Score value={result.score} />
                </summary>
                <p class="passage" dir="auto">
                  {result.content.map(({ text }) => text).join('\n')}
                </p>
              </details>
            </li>
          ))}
        </ul>
      )}
    </>
  );
};
