import { useEffect } from 'preact/hooks';

import { connecting, connection } from '../state/connection.ts';
import { inspected, sidebarOpen } from '../state/panes.ts';
import { route } from '../state/route.ts';
import { ChatView } from './chat-view.tsx';
import { Home } from './home.tsx';
import { KeyGate } from './key-gate.tsx';
import { Sidebar } from './sidebar.tsx';

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
    <div
      class={`workbench ${sidebarOpen.value ? 'sidebar-open' : ''} ${inspected.value ? 'inspector-open' : ''}`}
    >
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
    </div>
  );
};

const Place = () => {
  const to = route.value;
  switch (to.name) {
    case 'thread':
      return <ChatView key={to.id} threadId={to.id} />;
    default:
      return <Home />;
  }
};
