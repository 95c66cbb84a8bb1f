import type OpenAI from 'openai';

import { duration, plural } from './format.ts';
import { Icon } from './icons.tsx';

type FileSearchCall = OpenAI.Beta.Threads.Runs.FileSearchToolCall;
export type SearchResult = OpenAI.Beta.Threads.Runs.FileSearchToolCall.FileSearch.Result;

export const resultsOf = (call: FileSearchCall): readonly SearchResult[] => call.file_search?.results ?? [];

export const passageOf = (result: SearchResult): string =>
  (result.content ?? []).map((part) => part.text ?? '').join('\n');

/** What was found, where, and how well it fits. */
export const SearchCall = ({
  call,
  took,
  live,
}: {
  call: FileSearchCall;
  took: number | undefined;
  live: boolean;
}) => {
  const results = resultsOf(call);
  const time = took === undefined ? '' : ` in ${duration(took)}`;
  return (
    <section class="call" aria-label="File search">
      <div class="call-head">
        <Icon name="search" />
        <span class="call-name">File search</span>
        <span class={live ? 'call-state call-live' : 'call-state'}>
          {live ? 'is searching' : `found ${plural(results.length, 'passage')}${time}`}
        </span>
      </div>
      {results.length > 0 && (
        <ul class="results">
          {results.map((result, index) => (
            <li key={index}>
              <details>
                <summary>
                  <span class="file-name" dir="auto">
                    {result.file_name}
                  </span>
                  <Score value={result.score} />
                </summary>
                <p class="passage" dir="auto">
                  {passageOf(result) || 'The passage was not asked for.'}
                </p>
              </details>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
};

export const Score = ({ value }: { value: number }) => (
  <span class="score" title="How well it fits the question, from 0 to 1">
    {value.toFixed(2)}
  </span>
);
