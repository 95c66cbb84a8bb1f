/** The Python that the demo model knows by heart, and how it is altered. Pure. */

export const SINE_WAVE = `import numpy as np
import matplotlib.pyplot as plt

x = np.linspace(0, 4 * np.pi, 500)
y = np.sin(x)
print(f'{len(x)} points, x from {x.min():.2f} to {x.max():.2f}, y from {y.min():.2f} to {y.max():.2f}')

plt.figure(figsize=(10, 5))
plt.plot(x, y, linewidth=2)
plt.title('Sine wave')
plt.xlabel('x in radians')
plt.ylabel('sin(x)')
plt.grid(True, alpha=0.3)
plt.show()
`;

const DARK_STYLE = "plt.style.use('dark_background')";
const PYPLOT = /^import matplotlib\.pyplot as plt$/m;

/** The same drawing on a dark background. */
export function inDarkMode(code: string): string {
  if (code.includes(DARK_STYLE)) return code;
  if (PYPLOT.test(code)) return code.replace(PYPLOT, (line) => `${line}\n\n${DARK_STYLE}`);
  return `import matplotlib.pyplot as plt\n\n${DARK_STYLE}\n${code}`;
}

export const draws = (code: string): boolean => /\bplt\.|matplotlib/.test(code);

/** Reads a table and prints what is in it. A JSON string is a Python string too. */
export function describing(file: string): string {
  const path = JSON.stringify(`/mnt/data/${file}`);
  return `import pandas as pd

table = pd.read_csv(${path})
print(f"{len(table)} rows, {len(table.columns)} columns: {', '.join(map(str, table.columns))}")
print(table.head().to_string())
print(table.describe(include='all').to_string())
`;
}

/** The fenced blocks of Python in a text, or of no named language. */
export function fencedBlocks(text: string): string[] {
  const blocks = text.matchAll(/^[^\S\n]*```(python|py|)[^\S\n]*\n([\s\S]*?)^[^\S\n]*```/gim);
  return [...blocks].map(([, , code]) => code ?? '').filter((code) => code.trim() !== '');
}

/** Names of files in /mnt/data that the code seems to write. */
export function filesWritten(code: string): string[] {
  const writing =
    /(?:savefig|to_csv|to_excel|to_json|imsave|save|write_text|write_bytes|dump)\(\s*f?["'](?:\/mnt\/data\/)?([\w][\w .-]*\.\w+)["']|open\(\s*["'](?:\/mnt\/data\/)?([\w][\w .-]*\.\w+)["']\s*,\s*["'][wax]/g;
  return [...new Set([...code.matchAll(writing)].map(([, saved, opened]) => saved ?? opened ?? ''))];
}
