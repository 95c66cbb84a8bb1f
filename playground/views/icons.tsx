/** Line drawings of 16 × 16, in the colour of the text. They say nothing to a screen reader: their buttons do. */
const PATHS = {
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  panel: 'M2.5 3.5h11v9h-11zM10 3.5v9',
  edit: 'M10.5 3l2.5 2.5L6 12.5l-3 .5.5-3zM9 4.5L11.5 7',
  trash: 'M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 8.5h6l.5-8.5M6.5 7v4M9.5 7v4',
  copy: 'M5.5 5.5h7.5v7.5H5.5zM10.5 5.5V3H3v7.5h2.5',
  link: 'M6.5 9.5l3-3M7 5l1.5-1.5a2.5 2.5 0 0 1 3.5 3.5L10.5 8.5M9 11l-1.5 1.5A2.5 2.5 0 0 1 4 9l1.5-1.5',
  clip: 'M12.5 7.5l-4.5 4.5a3 3 0 0 1-4.2-4.200l5-5a2 2 0 0 1 2.8 2.800l-5 5a1 1 0 0 1-1.4-1.400l4.3-4.3',
  run: 'M5 3.5v9l7-4.5z',
  stop: 'M4.5 4.5h7v7h-7z',
  retry: 'M12.5 8a4.5 4.5 0 1 1-1.3-3.200M12.5 2.5v3h-3',
  download: 'M8 2.5v7M5 7l3 3 3-3M3 12.5h10',
  down: 'M8 3v9.5M4 8.5l4 4 4-4',
  chevron: 'M6 4l4 4-4 4',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.300l3.2 3.2',
  file: 'M4 2.5h5l3 3v8H4zM9 2.5v3h3',
  store: 'M3 4c0-2 10-2 10 0v8c0 2-10 2-10 0zM3 4c0 2 10 2 10 0M3 8c0 2 10 2 10 0',
  book: 'M3 3.5c2-.8 3.5-.5 5 .5 1.5-1 3-1.3 5-.5v9c-2-.8-3.5-.5-5 .5-1.5-1-3-1.3-5-.5zM8 4v9',
  python: 'M5 5l-3 3 3 3M11 5l3 3-3 3M9.5 3.5l-3 9',
  function: 'M10.5 3c-2-.5-2.5.5-2.8 2.5L6.5 11c-.3 1.8-1 2.5-2.5 2M5 7h5',
  check: 'M3.5 8.5l3 3 6-7',
  key: 'M9.5 9.5a3 3 0 1 0-2.5-1.5L3 12v1.5h2V12h1.5v-1.5L8 9.2',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
    <path d={PATHS[name]} />
  </svg>
);

/** A button that is only an icon, and says its name to those who cannot see it, or do not know it. */
export const IconButton = ({
  icon,
  label,
  onClick,
  disabled = false,
  pressed,
  id,
}: {
  icon: IconName;
  label: string;
  onClick: () => void;
  disabled?: boolean;
  pressed?: boolean;
  id?: string;
}) => (
  <button
    type="button"
    class="icon-button"
    aria-label={label}
    title={label}
    disabled={disabled}
    id={id}
    aria-pressed={pressed}
    onClick={onClick}
  >
    <Icon name={icon} />
  </button>
);
