import assert from 'node:assert/strict';

import type { ArmEmulator, EmulatorOptions } from '../../local/arm/emulator.ts';
import type { Session } from '../../shared/sessions/session.ts';
import { type Outcome, run, sessionsOn, startTestEmulator, type TestSessions } from './sessions.ts';

const never = new AbortController().signal;

/** Without root there is one user for the agent and the kernel: it may reach the agent, but gains nothing by it. */
export const separateUsers = process.getuid?.() === 0;

/**
 * Two sessions in one emulator: code of the one attacks, code of the other goes on working. Each attack takes
 * the attacker's session as it finds it: alive, or replaced because the attack cost it its life.
 */
export class Arena implements AsyncDisposable {
  readonly emulator: ArmEmulator;
  readonly parts: TestSessions;
  #bystander: Session;

  private constructor(emulator: ArmEmulator, parts: TestSessions, bystander: Session) {
    this.emulator = emulator;
    this.parts = parts;
    this.#bystander = bystander;
  }

  static async open(limits: EmulatorOptions['limits'] = {}): Promise<Arena> {
    const emulator = await startTestEmulator({ warm: 1, limits });
    const parts = sessionsOn(emulator);
    const { session } = await parts.sessions.acquire('thread_bystander', never);
    await run(
      session,
      'secret = "the bystander’s variable"\nopen("secret.txt", "w").write("the bystander’s file")',
    );
    return new Arena(emulator, parts, session);
  }

  async attacker(): Promise<Session> {
    return (await this.parts.sessions.acquire('thread_attacker', never)).session;
  }

  /** Runs the attack while the bystander's code runs to its end, and sees that both sessions work after it. */
  async attack(
    code: string,
    options: { timeoutMs?: number; leavesRunning?: boolean } = {},
  ): Promise<Outcome> {
    const session = await this.attacker();
    const { outcome, meanwhile } = await this.#both(run(session, code, { timeoutMs: 20_000, ...options }));
    assert.equal(meanwhile.logs, 'the bystander’s variable 499999500000\n');
    // What a call leaves running stays with its session: here, a bomb that still goes off.
    if (options.leavesRunning) await this.parts.sessions.remove('thread_attacker');
    assert.equal((await run(await this.attacker(), '6 * 7')).logs, '42', 'the attacker’s thread can go on');
    return outcome;
  }

  async #both(attacking: Promise<Outcome>): Promise<{ outcome: Outcome; meanwhile: Outcome }> {
    const working = run(this.#bystander, 'print(secret, sum(range(10**6)))');
    const [outcome, meanwhile] = await Promise.all([attacking, working]);
    return { outcome, meanwhile };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.emulator.stop();
  }
}

/** Python that calls each named function and prints what came of it: its result, or the exception's name. */
export const attempts = (functions: Record<string, string>): string => `
import ctypes, glob, json, mmap, os, pathlib, resource, signal, socket, subprocess, sys, urllib.request
libc = ctypes.CDLL(None, use_errno=True)
def system(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(number, *arguments)
    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
outcomes = {}
def attempt(name, call):
    try: outcomes[name] = repr(call())
    except BaseException as error: outcomes[name] = type(error).__name__ + " " + str(getattr(error, "errno", ""))
${Object.entries(functions)
  .map(([name, expression]) => `attempt(${JSON.stringify(name)}, lambda: ${expression})`)
  .join('\n')}
print(json.dumps(outcomes))
`;

/** The outcomes that {@link attempts} printed. */
export const outcomesOf = ({ logs }: Outcome): Record<string, string> => {
  const line = logs.split('\n').find((each) => each.startsWith('{'));
  assert.ok(line, logs);
  return JSON.parse(line) as Record<string, string>;
};

/** Every attempt ended in an exception. */
export function assertAllFailed(outcome: Outcome, names: Record<string, string>): void {
  const outcomes = outcomesOf(outcome);
  assert.deepEqual(Object.keys(outcomes), Object.keys(names));
  for (const [name, result] of Object.entries(outcomes))
    assert.match(result, /(Error|Exception|gaierror)/, name);
}

/** Forks until it may not, then says how that was told and ends its children. */
export const forkBomb = `
import os, time, warnings
warnings.simplefilter("ignore")
children = []
try:
    while True:
        child = os.fork()
        if child == 0: time.sleep(60); os._exit(0)
        children.append(child)
except OSError as error: print(error.strerror, 10 < len(children) < 64)
for child in children: os.kill(child, 9); os.waitpid(child, 0)
`;
