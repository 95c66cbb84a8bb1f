import type { Problem } from '../api/problem.ts';
import { Icon } from './icons.tsx';

/** What the API refused, next to what caused it. It stays until it is mended. */
export const ProblemNote = ({ problem, onRetry }: { problem: Problem | undefined; onRetry?: () => void }) =>
  problem && (
    <div class="problem" role="alert">
      <p dir="auto">{problem.message}</p>
      <p class="problem-facts">
        {problem.status !== undefined && <span>HTTP {problem.status}</span>}
        {problem.code !== undefined && <span>{problem.code}</span>}
        {problem.requestId !== undefined && <code>{problem.requestId}</code>}
        {onRetry && (
          <button type="button" class="quiet" onClick={onRetry}>
            <Icon name="retry" /> Retry
          </button>
        )}
      </p>
    </div>
  );
