import type { ComponentChildren } from 'preact';

import { sidebarOpen } from '../state/panes.ts';
import { IconButton } from './icons.tsx';

/** The line above the middle; on a phone it opens the menu. */
export const TopBar = ({ children }: { children: ComponentChildren }) => (
  <header class="top-bar">
    <span class="top-menu">
      <IconButton
        icon="menu"
        label="Assistants and threads"
        onClick={() => {
          sidebarOpen.value = true;
        }}
      />
    </span>
    {children}
  </header>
);
