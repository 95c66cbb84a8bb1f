import type OpenAI from 'openai';
import { useId, useRef } from 'preact/hooks';

import { factsOf } from '../state/file-facts.ts';
import { FileLink } from './file-link.tsx';
import { IconButton } from './icons.tsx';
import { passageOf, Score, type SearchResult } from './search-call.tsx';

export interface CitationProps {
  readonly annotation: OpenAI.Beta.Threads.FileCitationAnnotation;
  /** Counted within its message. */
  readonly position: number;
  /** What the run's searches found. */
  readonly results: readonly SearchResult[];
}

/** `【4:0†name.md】`: call, result, file. */
const MARK = /【(\d+):(\d+)†/;

/** A mark in the text; it opens the passage that the sentence rests on. */
export const Citation = ({ annotation, position, results }: CitationProps) => {
  const card = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const fileId = annotation.file_citation?.file_id ?? '';
  const { file } = factsOf(fileId).value;
  const result = resultOf(annotation, results);
  const name = result?.file_name ?? file?.filename ?? fileId;
  const place = () => {
    const at = button.current!.getBoundingClientRect();
    const width = Math.min(420, innerWidth - 32);
    card.current!.style.width = `${width}px`;
    card.current!.style.left = `${Math.max(16, Math.min(at.left - 24, innerWidth - width - 16))}px`;
    const below = innerHeight - at.bottom;
    if (below > 280 || below > at.top) card.current!.style.top = `${at.bottom + 8}px`;
    else card.current!.style.bottom = `${innerHeight - at.top + 8}px`;
  };
  return (
    <>
      <button
        type="button"
        ref={button}
        class="citation"
        title={name}
        aria-label={`Source ${position}: ${name}`}
        popovertarget={id}
        onClick={place}
      >
        {position}
      </button>
      <div
        ref={card}
        id={id}
        popover="auto"
        class="passage-card"
        role="dialog"
        aria-label={`Source: ${name}`}
      >
        <div class="passage-head">
          <strong dir="auto">{name}</strong>
          {result && <Score value={result.score} />}
          <IconButton icon="close" label="Close" onClick={() => card.current?.hidePopover()} />
        </div>
        <p class="passage" dir="auto">
          {(result && passageOf(result)) || 'The run’s steps do not hold the passage any more.'}
        </p>
        {fileId !== '' && <FileLink fileId={fileId} />}
      </div>
    </>
  );
};

function resultOf(
  { text, file_citation }: OpenAI.Beta.Threads.FileCitationAnnotation,
  results: readonly SearchResult[],
): SearchResult | undefined {
  const own = results.filter(({ file_id }) => file_id === file_citation?.file_id);
  const index = Number(MARK.exec(text)?.[2] ?? Number.NaN);
  const marked = results[index];
  return marked && own.includes(marked) ? marked : own[0];
}
