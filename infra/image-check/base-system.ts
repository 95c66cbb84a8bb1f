import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const suites: Readonly<Record<string, string>> = { 'debian:12-slim': 'bookworm', 'debian:13-slim': 'trixie' };

/** What the slim images leave out, in the words of their own dpkg configuration. */
const slim = `path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
`;

export interface Mirrors {
  readonly main: string;
  readonly security: string;
}

/** Where this machine gets its own Debian packages. */
export function machineMirrors(): Mirrors {
  const uris = sourceFiles().flatMap((text) => text.match(/https?:\/\/[^\s\]]+/g) ?? []);
  const plain = uris.map((uri) => uri.replace(/\/$/, '')).filter((uri) => !uri.includes('snapshot.'));
  const main = plain.find((uri) => /debian$/.test(uri)) ?? 'http://deb.debian.org/debian';
  const security =
    plain.find((uri) => /debian-security$/.test(uri)) ?? main.replace(/debian$/, 'debian-security');
  return { main, security };
}

function sourceFiles(): string[] {
  const folder = '/etc/apt/sources.list.d';
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => /\.(sources|list)$/.test(name))
    : [];
  return ['/etc/apt/sources.list', ...names.map((name) => join(folder, name))]
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8').replace(/^\s*#.*$/gm, ''));
}

/** Makes what `FROM image` starts with, by debootstrap. Takes half a minute. @throws when debootstrap fails */
export function makeBase(image: string, root: string, mirrors: Mirrors): void {
  const suite = suites[image.replace(/@sha256:.*/, '')];
  if (!suite) throw new Error(`FROM ${image}: only ${Object.keys(suites).join(', ')} can be checked.`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  execFileSync('debootstrap', ['--variant=minbase', suite, root, mirrors.main], { stdio: ['ignore', 2, 2] });
  writeFileSync(
    join(root, 'etc/apt/sources.list'),
    `deb ${mirrors.main} ${suite} main\ndeb ${mirrors.main} ${suite}-updates main\ndeb ${mirrors.security} ${suite}-security main\n`,
  );
  writeFileSync(join(root, 'etc/dpkg/dpkg.cfg.d/docker'), slim);
  for (const name of ['doc', 'info', 'lintian', 'locale', 'man']) {
    rmSync(join(root, 'usr/share', name), { recursive: true, force: true });
  }
}
