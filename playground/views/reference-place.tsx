import { useEffect } from 'preact/hooks';

import { type Operation, readReference, reference, referenceFailed } from '../state/reference.ts';
import { Code } from './code.tsx';
import { TopBar } from './top-bar.tsx';

/** Every operation of this deployment, from its own OpenAPI document. */
export const ReferencePlace = () => {
  useEffect(() => {
    if (!reference.value) void readReference();
  }, []);
  const operations = reference.value ?? [];
  const groups = [...new Set(operations.map(({ group }) => group))];
  return (
    <main class="middle" id="main" tabIndex={-1}>
      <TopBar>
        <h1 class="top-title">Reference</h1>
      </TopBar>
      <div class="timeline">
        <div class="column stack reference">
          <p class="muted">
            The operations of this deployment, for the official clients with <code>baseURL</code>{' '}
            <code>{new URL('/v1', location.origin).href}</code>. The same as a document for generators:{' '}
            <a href="/openapi.json">/openapi.json</a>.
          </p>
          {referenceFailed.value && <p class="muted">The document /openapi.json cannot be read.</p>}
          {groups.map((group) => (
            <section key={group}>
              <h2>{group}</h2>
              <ul class="table-list">
                {operations
                  .filter((operation) => operation.group === group)
                  .map((operation) => (
                    <li key={`${operation.method} ${operation.path}`}>
                      <OperationLine operation={operation} />
                    </li>
                  ))}
              </ul>
            </section>
          ))}
        </div>
      </div>
    </main>
  );
};

const OperationLine = ({ operation }: { operation: Operation }) => {
  const query = operation.parameters.filter(({ place }) => place === 'query').map(({ name }) => name);
  return (
    <details class="operation">
      <summary>
        <span class={`method method-${operation.method.toLowerCase()}`}>{operation.method}</span>
        <code>{operation.path}</code>
        <span class="operation-summary">{operation.summary}</span>
      </summary>
      <div class="stack operation-more">
        {query.length > 0 && (
          <p class="muted">
            Query: <code>{query.join(', ')}</code>
          </p>
        )}
        {operation.body !== undefined && (
          <Code text={JSON.stringify(operation.body, undefined, 2)} language="json" />
        )}
        {query.length === 0 && operation.body === undefined && (
          <p class="muted">Takes nothing beside its address.</p>
        )}
      </div>
    </details>
  );
};
