import { useEffect } from 'preact/hooks';

import { connecting, connection } from '../state/connection.ts';
import { edited, sidebarOpen } from '../state/panes.ts';
import { route } from '../state/route.ts';
import { AssistantEditor } from './assistant-editor.tsx';
import { ChatView } from './chat-view.tsx';
import { FilesPlace } from './files-place.tsx';
import { Home } from './home.tsx';
import { KeyGate } from './key-gate.tsx';
import { ReferencePlace } from './reference-place.tsx';
import { Sidebar } from './sidebar.tsx';
import { VectorStoresPlace } from './vector-stores-place.tsx';

export const App = () => {
  if (connection.value) return <Workbench />;
  // A key that is known is tried first: no form flashes by.
  if (connecting.value && sessionStorage.length > 0) return <p class="muted center">Opening …</p>;
  return <KeyGate />;
};

const Workbench = () => {
  useEffect(() => {
    const leave = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      sidebarOpen.value = false;
    };
    addEventListener('keydown', leave);
    return () => removeEventListener('keydown', leave);
  }, []);
  return (
    <div class={sidebarOpen.value ? 'workbench sidebar-open' : 'workbench'}>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <Sidebar />
      {sidebarOpen.value && (
        <button
          type="button"
          class="curtain"
          tabIndex={-1}
          aria-label="Close the menu"
          onClick={() => {
            sidebarOpen.value = false;
          }}
        />
      )}
      {/* Behind an open sheet nothing can be reached. */}
      <div class="stage" inert={sidebarOpen.value}>
        <Place />
      </div>
      {edited.value && (
        <AssistantEditor key={edited.value === 'new' ? 'new' : edited.value.id} assistant={edited.value} />
      )}
    </div>
  );
};

const Place = () => {
  const to = route.value;
  switch (to.name) {
    case 'thread':
      return <ChatView key={to.id} threadId={to.id} />;
    case 'files':
      return <FilesPlace />;
    case 'vector-stores':
      return <VectorStoresPlace />;
    case 'reference':
      return <ReferencePlace />;
    case 'home':
      return <Home />;
  }
};
