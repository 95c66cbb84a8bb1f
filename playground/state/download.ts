import { api } from './connection.ts';

/**
 * Saves a file of the API's. Never opened in the page: HTML and SVG made by code would be documents of this origin,
 * with its key in reach.
 * @throws what the API refuses
 */
export async function download(fileId: string, name: string): Promise<void> {
  const response = await api().client.files.content(fileId);
  save(new Blob([await response.arrayBuffer()], { type: 'application/octet-stream' }), name);
}

export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replace(/[/\\\p{Cc}]/gu, '_') || 'file';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
