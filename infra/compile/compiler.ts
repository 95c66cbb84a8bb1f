import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The Bicep compiler: `bicep` on PATH, the Azure CLI's own, or the one that NuGet has, which a .NET SDK brings where
 * there is one. Nothing else of the project needs .NET, and the deployed app needs no compiler.
 */
export interface BicepCompiler {
  /** Where it comes from, and its version. */
  readonly description: string;
  run(args: readonly string[]): BicepRun;
}

export interface BicepRun {
  readonly code: number;
  readonly stdout: string;
  /** Its diagnostics, one a line, none when all is well. */
  readonly stderr: string;
}

/** https://www.nuget.org/packages/Azure.Bicep.CommandLine.linux-x64 (MIT); its types know the API versions in use. */
export const NUGET_VERSION = '0.49.2';

export const NO_COMPILER =
  'No Bicep compiler here: neither `bicep` nor `az` (with `az bicep install`) is on PATH, and there is no .NET SDK that could bring the one of NuGet.';

/** undefined where there is none; what the look cost is up to two seconds, or one download of 40 MB. */
export function findBicepCompiler(): BicepCompiler | undefined {
  return compilerOf('bicep', []) ?? compilerOf('az', ['bicep']) ?? compilerOf(fromNuGet(), []);
}

function compilerOf(command: string | undefined, before: readonly string[]): BicepCompiler | undefined {
  if (!command) return undefined;
  const run = (args: readonly string[]): BicepRun => {
    const { status, stdout, stderr, error } = spawnSync(command, [...before, ...args], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: status ?? 1, stdout: stdout ?? '', stderr: error ? String(error) : (stderr ?? '') };
  };
  const version = run(before.length > 0 ? ['version'] : ['--version']);
  if (version.code !== 0) return undefined;
  return { description: `${[command, ...before].join(' ')}: ${version.stdout.trim()}`, run };
}

const platform = `${{ win32: 'win', darwin: 'osx' }[process.platform as string] ?? 'linux'}-${process.arch}`;

/** The path of NuGet's compiler, after fetching it once through the ordinary client. */
function fromNuGet(): string | undefined {
  const name = `Azure.Bicep.CommandLine.${platform}`;
  const packages = process.env.NUGET_PACKAGES ?? join(homedir(), '.nuget/packages');
  const executable = process.platform === 'win32' ? 'bicep.exe' : 'bicep';
  const path = join(packages, name.toLowerCase(), NUGET_VERSION, 'tools', executable);
  if (!existsSync(path) && !restore(name)) return undefined;
  if (!existsSync(path)) return undefined;
  chmodSync(path, 0o755);
  return path;
}

function restore(name: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'hourglass-bicep-'));
  try {
    // PackageDownload only fetches: nothing is built, and no reference assemblies come along.
    const project = `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
  </PropertyGroup>
  <ItemGroup><PackageDownload Include="${name}" Version="[${NUGET_VERSION}]" /></ItemGroup>
</Project>`;
    writeFileSync(join(folder, 'bicep.csproj'), project);
    return spawnSync('dotnet', ['restore', join(folder, 'bicep.csproj')], { stdio: 'ignore' }).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
