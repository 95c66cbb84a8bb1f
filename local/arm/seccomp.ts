/**
 * The seccomp filter under which model-written code runs, here and in the image, as the BPF program that the
 * kernel takes. Namespaces, mounts, tracing, kernel keys and other doors that Python code has no business at
 * answer EPERM. So do sockets of any family but four: some, AF_VSOCK first, know no namespace and lead from one
 * sandbox to the other or to the host. What takes memory that no process of the session has is not there
 * (ENOSYS), and no more is what later kernels will add. Everything else is allowed: namespaces and users carry
 * the isolation, this is what keeps code from getting round them.
 */
interface Architecture {
  /** AUDIT_ARCH_* */
  readonly audit: number;
  readonly clone: number;
  readonly socket: number;
  readonly socketpair: number;
  readonly sync: number;
  readonly denied: readonly number[];
  readonly absent: readonly number[];
}

/** Same numbers on every architecture: io_uring, the new mount calls, pidfd_getfd, hints for others' memory, … */
const UNIFIED = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 440, 442, 443, 447, 448];
const CLONE3 = 435;
/** `cachestat` (451), which tells what other sandboxes have read, and all that came or will come after it. */
const FIRST_UNKNOWN = 450;

const architectures: Partial<Record<NodeJS.Architecture, Architecture>> = {
  x64: {
    audit: 0xc000003e,
    clone: 56,
    socket: 41,
    socketpair: 53,
    sync: 162,
    denied: [
      ...[101, 310, 311, 312], // ptrace, process_vm_readv, process_vm_writev, kcmp
      ...[165, 166, 155, 161, 272, 308], // mount, umount2, pivot_root, chroot, unshare, setns
      ...[248, 249, 250], // add_key, request_key, keyctl
      ...[321, 298, 323, 303, 304, 300], // bpf, perf_event_open, userfaultfd, name_to_handle_at, open_by_handle_at, fanotify_init
      ...[246, 320, 175, 313, 176, 169, 167, 168, 163], // kexec*, *module, reboot, swap*, acct
      ...[164, 227, 159, 305], // settimeofday, clock_settime, adjtimex, clock_adjtime
      ...[170, 171, 179, 172, 173, 154, 103, 153], // host and domain name, quotactl, iopl, ioperm, ldt, syslog, vhangup
      ...[134, 135, 136, 139, 156, 174, 177, 178, 180, 212, 251], // uselib, personality, ustat, sysfs, _sysctl, old module calls, nfsservctl, lookup_dcookie, ioprio_set
    ],
    absent: [319, 29, 30], // memfd_create, shmget, shmat
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    socket: 198,
    socketpair: 199,
    sync: 81,
    denied: [
      ...[117, 270, 271, 272],
      ...[40, 39, 41, 51, 97, 268],
      ...[217, 218, 219],
      ...[280, 241, 282, 264, 265, 262],
      ...[104, 294, 105, 273, 106, 142, 224, 225, 89],
      ...[170, 112, 171, 266],
      ...[161, 162, 60, 116, 58],
      ...[92, 42, 18, 30], // personality, nfsservctl, lookup_dcookie, ioprio_set
    ],
    absent: [279, 194, 196],
  },
};

/** AF_UNIX, AF_INET, AF_INET6: each bounded by the sandbox's own namespaces. */
const FAMILIES = [1, 2, 10];
/** Of AF_NETLINK only NETLINK_ROUTE, by which programs ask for their own addresses. */
const NETLINK = 16;
const NETLINK_ROUTE = 0;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
const NEW_NAMESPACES = 0x7e020000;
const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const EPERM = 0x00050000 | 1;
const ENOSYS = 0x00050000 | 38;
const EAFNOSUPPORT = 0x00050000 | 97;
/** As if it had been done. */
const DONE = 0x00050000;
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_ANY_BIT = 0x45;
const RETURN = 0x06;
const NUMBER = 0;
const ARCHITECTURE = 4;
/** The lower halves: arguments have 64 bits, of which the kernel reads an int. */
const FIRST_ARGUMENT = 16;
const THIRD_ARGUMENT = 32;
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
    [JUMP_IF_AT_LEAST, 0, 1, FIRST_UNKNOWN],
    [RETURN, 0, 0, ENOSYS],
    // It would write out what every other sandbox, and this machine, has not written yet.
    ...answer(known.sync, DONE),
    ...known.absent.flatMap((number) => answer(number, ENOSYS)),
    ...[...known.denied, ...UNIFIED].flatMap((number) => answer(number, EPERM)),
    [JUMP_IF_EQUAL, 0, 3, known.clone],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [JUMP_IF_ANY_BIT, 0, 1, NEW_NAMESPACES],
    [RETURN, 0, 0, EPERM],
    [LOAD, 0, 0, NUMBER],
    ...ifSocket(known),
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

const answer = (number: number, result: number): Instruction[] => [
  [JUMP_IF_EQUAL, 0, 1, number],
  [RETURN, 0, 0, result],
];

/** Jumps past itself for any other call, and ends the program for `socket` and `socketpair`. */
function ifSocket({ socket, socketpair }: Architecture): Instruction[] {
  const judge: Instruction[] = [
    [LOAD, 0, 0, FIRST_ARGUMENT],
    ...FAMILIES.flatMap((family) => answer(family, ALLOW)),
    [JUMP_IF_EQUAL, 1, 0, NETLINK],
    [RETURN, 0, 0, EAFNOSUPPORT],
    [LOAD, 0, 0, THIRD_ARGUMENT],
    ...answer(NETLINK_ROUTE, ALLOW),
    [RETURN, 0, 0, EAFNOSUPPORT],
  ];
  return [[JUMP_IF_EQUAL, 1, 0, socket], [JUMP_IF_EQUAL, 0, judge.length, socketpair], ...judge];
}
