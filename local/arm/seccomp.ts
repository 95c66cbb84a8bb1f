/**
 * A seccomp filter for sandboxes, as the BPF program that bubblewrap's `--seccomp` reads. Namespaces, mounts,
 * tracing, kernel keys and other doors that Python code has no business at answer EPERM. Everything else is
 * allowed: namespaces and users carry the isolation, this is what keeps code from making new ones.
 */
interface Architecture {
  /** AUDIT_ARCH_* */
  readonly audit: number;
  readonly clone: number;
  readonly denied: readonly number[];
}

/** Same numbers on every architecture: pidfd_getfd, the new mount calls, io_uring. */
const UNIFIED = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442];
const CLONE3 = 435;

const architectures: Partial<Record<NodeJS.Architecture, Architecture>> = {
  x64: {
    audit: 0xc000003e,
    clone: 56,
    denied: [
      101,
      310,
      311,
      312, // ptrace, process_vm_readv, process_vm_writev, kcmp
      165,
      166,
      155,
      161,
      272,
      308, // mount, umount2, pivot_root, chroot, unshare, setns
      248,
      249,
      250, // add_key, request_key, keyctl
      321,
      298,
      323,
      303,
      304, // bpf, perf_event_open, userfaultfd, name_to_handle_at, open_by_handle_at
      246,
      320,
      175,
      313,
      176,
      169,
      167,
      168,
      163, // kexec*, *module, reboot, swap*, acct
      164,
      227,
      170,
      171,
      179,
      172,
      173,
      154,
      103,
      153, // clocks, host name, quotactl, iopl, ioperm, ldt, syslog, vhangup
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    denied: [
      117, 270, 271, 272, 40, 39, 41, 51, 97, 268, 217, 218, 219, 280, 241, 282, 264, 265, 104, 294, 105, 273,
      106, 142, 224, 225, 89, 170, 112, 161, 162, 60, 116, 58,
    ],
  },
};

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
const NEW_NAMESPACES = 0x7e020000;
const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const EPERM = 0x00050000 | 1;
const ENOSYS = 0x00050000 | 38;
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_ANY_BIT = 0x45;
const RETURN = 0x06;
const NUMBER = 0;
const ARCHITECTURE = 4;
const FIRST_ARGUMENT = 16;
/** x32, the other way into an x64 kernel, has numbers of its own from here on. */
const X32 = 0x40000000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** The program, or undefined on an architecture whose call numbers are not known here. */
export function seccompProgram(architecture: NodeJS.Architecture = process.arch): Buffer | undefined {
  const known = architectures[architecture];
  if (!known) return undefined;
  const program: Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE],
    [JUMP_IF_EQUAL, 1, 0, known.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, NUMBER],
    [JUMP_IF_AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, ENOSYS],
    // The C library falls back to clone, whose flags can be looked at; those of clone3 are in memory.
    [JUMP_IF_EQUAL, 0, 1, CLONE3],
    [RETURN, 0, 0, ENOSYS],
    ...[...known.denied, ...UNIFIED].flatMap((number): Instruction[] => [
      [JUMP_IF_EQUAL, 0, 1, number],
      [RETURN, 0, 0, EPERM],
    ]),
    [JUMP_IF_EQUAL, 0, 3, known.clone],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [JUMP_IF_ANY_BIT, 0, 1, NEW_NAMESPACES],
    [RETURN, 0, 0, EPERM],
    [RETURN, 0, 0, ALLOW],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, ifTrue, ifFalse, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  });
  return bytes;
}
