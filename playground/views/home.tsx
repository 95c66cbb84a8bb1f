import { useState } from 'preact/hooks';

import { type Problem, problemOf } from '../api/problem.ts';
import type { Question } from '../state/chat.ts';
import { startThread, threadProblem } from '../state/chats.ts';
import { connection, DEMO_MODEL } from '../state/connection.ts';
import { type Example, examples, prepare } from '../state/examples.ts';
import { assistant } from '../state/lists.ts';
import { AssistantPicker } from './assistant-picker.tsx';
import { Composer } from './composer.tsx';
import { Icon } from './icons.tsx';
import { ProblemNote } from './problem-note.tsx';
import { TopBar } from './top-bar.tsx';

/** Before the first question of a thread: what this is, and three things to try. */
export const Home = () => {
  const [busy, setBusy] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const models = connection.value?.models ?? [];
  const chosen = assistant.value;
  const attempt = async (example: Example) => {
    setBusy(example.title);
    setProblem(undefined);
    try {
      const { assistantId, question } = await prepare(example);
      await startThread(assistantId, question);
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(undefined);
    }
  };
  const ask = async (question: Question) => {
    if (!chosen) return;
    setBusy('question');
    await startThread(chosen.id, question);
    setBusy(undefined);
  };
  return (
    <main class="middle" id="main" tabIndex={-1}>
      <TopBar>
        <AssistantPicker />
      </TopBar>
      <div class="timeline">
        <div class="column home">
          <h1>What would you like to see run?</h1>
          <p>
            A question starts a <em>thread</em>; each answer is a <em>run</em>, and its <em>steps</em> happen
            before your eyes: code as it is written, what it prints and draws, and the answer that follows.
          </p>
          <ul class="examples">
            {examples.map((example) => (
              <li key={example.title}>
                <button
                  type="button"
                  disabled={busy !== undefined || models.length === 0}
                  onClick={() => void attempt(example)}
                >
                  <Icon name={example.icon} />
                  <span class="example-title">{busy === example.title ? 'Preparing …' : example.title}</span>
                  <span class="example-words">{example.words}</span>
                </button>
              </li>
            ))}
          </ul>
          <ProblemNote problem={problem ?? threadProblem.value} />
          {models.includes(DEMO_MODEL) && (
            <p class="muted">
              The model here is <code>demo</code>, a script; the Python is real. Set{' '}
              <code>OPENAI_BASE_URL</code> or <code>AZURE_OPENAI_ENDPOINT</code> for a real one.
            </p>
          )}
          {models.length === 0 && (
            <p class="muted">
              This deployment lists no model. Name its models in <code>MODELS</code>, or write one’s name into
              a new assistant.
            </p>
          )}
        </div>
      </div>
      <div class="foot">
        <Composer assistant={chosen} busy={busy !== undefined} onAsk={(question) => void ask(question)} />
      </div>
    </main>
  );
};
