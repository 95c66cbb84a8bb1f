import type { Ref } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import type { Chat } from '../state/chat.ts';
import type { Run } from '../state/conversation.ts';
import { timelineOf } from '../state/timeline.ts';
import { Announcer } from './announcer.tsx';
import { Icon } from './icons.tsx';
import { Keep } from './keep.tsx';
import { AnswerView, QuestionView } from './message.tsx';
import { RunView } from './run-view.tsx';

export interface TimelineProps {
  readonly chat: Chat;
  readonly onInspect: (run: Run) => void;
  readonly onRetry: () => void;
  readonly onEdit: () => void;
}

/** Nearer to the end than this, the reader follows what comes. */
const NEAR_PX = 64;

/** The thread from top to bottom. It follows what comes, until the reader scrolls up. */
export const Timeline = ({ chat, onInspect, onRetry, onEdit }: TimelineProps) => {
  const conversation = chat.conversation.value;
  const phase = chat.phase.value;
  const entries = timelineOf(conversation);
  const lastQuestion = entries.findLastIndex(
    (entry) => entry.kind === 'message' && entry.message.role === 'user',
  );
  const { box, inner, away, toEnd } = useFollowing();
  const running = phase.name === 'running';
  useEffect(() => {
    // Whoever has just asked wants to see what comes of it.
    if (running) toEnd();
  }, [running]);
  return (
    <>
      <div class="timeline" ref={box} tabIndex={0} role="region" aria-label="Thread" data-phase={phase.name}>
        <div class="column" ref={inner}>
          {chat.hasEarlier.value && (
            <button type="button" class="earlier" onClick={() => void chat.loadEarlier()}>
              Show earlier messages
            </button>
          )}
          {entries.map((entry, index) => {
            const isLast = index === entries.length - 1;
            if (entry.kind === 'message') {
              const editable =
                index === lastQuestion && phase.name === 'idle' && entry.message.role === 'user';
              return (
                <Keep key={entry.key} by={[entry.message, editable, onEdit]}>
                  {() => (
                    <div class="entry">
                      {entry.message.role === 'user' ? (
                        <QuestionView message={entry.message} />
                      ) : (
                        <AnswerView message={entry.message} results={[]} />
                      )}
                      {editable && (
                        <p class="question-tools">
                          <button type="button" class="quiet" onClick={onEdit}>
                            <Icon name="edit" /> Edit
                          </button>
                        </p>
                      )}
                    </div>
                  )}
                </Keep>
              );
            }
            const { run, messages } = entry;
            const spans = isLast ? conversation.spans : undefined;
            return (
              <Keep
                key={entry.key}
                by={[run, isLast, conversation.steps.get(run.id), spans, onInspect, onRetry, ...messages]}
              >
                {() => (
                  <div class="entry">
                    <RunView
                      chat={chat}
                      conversation={conversation}
                      run={run}
                      messages={messages}
                      isLast={isLast}
                      onInspect={onInspect}
                      onRetry={onRetry}
                    />
                  </div>
                )}
              </Keep>
            );
          })}
          {phase.name === 'loading' && entries.length === 0 && (
            <p class="muted center">Reading the thread …</p>
          )}
          {phase.name === 'running' && entries.at(-1)?.kind === 'message' && (
            <p class="run-end">
              <span class="status status-queued">Starting</span>
            </p>
          )}
          {phase.name === 'reconnecting' && (
            <p class="reconnecting" role="status">
              The connection broke. The run goes on; attempt {phase.attempt} to take it up again.
            </p>
          )}
        </div>
      </div>
      {away && (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="down" /> Latest
        </button>
      )}
      <Announcer conversation={conversation} />
    </>
  );
};

interface Following {
  readonly box: Ref<HTMLDivElement>;
  readonly inner: Ref<HTMLDivElement>;
  /** The reader is looking at something further up. */
  readonly away: boolean;
  readonly toEnd: () => void;
}

function useFollowing(): Following {
  const box = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [away, setAway] = useState(false);
  const toEnd = () => {
    follows.current = true;
    setAway(false);
    box.current?.scrollTo({ top: box.current.scrollHeight });
  };
  useEffect(() => {
    const scrolled = box.current!;
    let height = 0;
    const grown = new ResizeObserver(() => {
      if (follows.current) scrolled.scrollTop = scrolled.scrollHeight;
      height = scrolled.scrollHeight;
    });
    grown.observe(inner.current!);
    grown.observe(scrolled);
    const moved = () => {
      // What has just grown has not been scrolled by anybody.
      if (scrolled.scrollHeight !== height) return;
      const near = scrolled.scrollHeight - scrolled.scrollTop - scrolled.clientHeight < NEAR_PX;
      follows.current = near;
      setAway(!near);
    };
    scrolled.addEventListener('scroll', moved, { passive: true });
    return () => {
      grown.disconnect();
      scrolled.removeEventListener('scroll', moved);
    };
  }, []);
  return { box, inner, away, toEnd };
}
