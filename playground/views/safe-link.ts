/** Where a link of a model's text may lead: away, to another site, and nowhere else. Pure. */
export interface SafeLink {
  readonly href: string;
  /** Shown behind the link, so that its text deceives nobody. */
  readonly leadsTo: string;
}

export function safeLink(address: string): SafeLink | undefined {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined; // Relative addresses would lead into this page.
  }
  if (url.protocol === 'mailto:') return { href: url.href, leadsTo: url.pathname };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  // Credentials before an @ are there to deceive.
  if (url.username !== '' || url.password !== '') return undefined;
  return { href: url.href, leadsTo: url.host };
}
