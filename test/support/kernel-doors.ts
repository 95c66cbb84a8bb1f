/** Numbers of system calls on x64, and on arm64. */
const call = (x64: number, arm64: number, ...words: string[]) =>
  `system(${[`${x64} if os.uname().machine == "x86_64" else ${arm64}`, ...words].join(', ')})`;

/**
 * Doors of the kernel that no namespace guards, or that lead into new ones: tried as model-written code in the
 * local sandbox and in the image, where one filter keeps them shut.
 */
export const kernelDoors: Record<string, string> = {
  'a user namespace': call(272, 97, '0x10000000'),
  'a mount namespace': call(272, 97, '0x20000'),
  'a clone into namespaces': call(56, 220, '0x10000000 | 17', '0', '0', '0', '0'),
  'a way round by clone3': 'system(435, 0, 0)',
  'the new mount calls': 'system(430, b"tmpfs", 0)',
  'tracing itself': '1 / (libc.ptrace(0, 0, 0, 0) + 1)',
  'memory of another process': call(310, 270, 'os.getppid()', '0', '0', '0', '0', '0'),
  'system calls by ring': 'system(425, 8, 0)',
  'programs in the kernel': call(321, 280, '0', '0', '0'),
  'the kernel’s keys': call(250, 219, '0', '0'),
  'a key of its own': call(248, 217, 'b"user"', 'b"x"', 'b"y"', '1', '-3'),
  'performance counters': call(298, 241, 'b"\\0" * 128', '0', '-1', '-1', '0'),
  'page faults in its own hands': call(323, 282, '0'),
  'what others have read': 'system(451, 0, b"\\0" * 16, b"\\0" * 40, 0)',
  'watching a file system': call(300, 262, '0', '0'),
  'another personality': call(135, 92, '0x0040000'),
  'memory that is nobody’s': call(319, 279, 'b"x"', '0'),
  'shared memory that outlives its maps': call(29, 194, '0', '4096', '0o1666'),
  'a system call that is yet to come': 'system(511)',
  'a socket of the 32-bit world': call(0x40000029, 0x40000029, '1', '1', '0'),
};

/** Every family of sockets but UNIX, INET, INET6 and NETLINK, which each sandbox has for itself. */
const families = Array.from({ length: 64 }, (_, family) => family).filter(
  (family) => ![1, 2, 10, 16].includes(family),
);

export const socketDoors: Record<string, string> = {
  ...Object.fromEntries(
    families.flatMap((family) =>
      [1, 2, 3, 5].map((kind) => [`family ${family}, kind ${kind}`, `socket.socket(${family}, ${kind}, 0)`]),
    ),
  ),
  'a pair of AF_VSOCK': call(53, 199, '40', '1', '0', '(ctypes.c_int * 2)()'),
  'AF_VSOCK in half of a long word': call(41, 198, 'ctypes.c_long(40 + (7 << 32))', '1', '0'),
  ...Object.fromEntries(
    Array.from({ length: 23 }, (_, index) => [
      `netlink protocol ${index + 1}`,
      `socket.socket(16, 3, ${index + 1})`,
    ]),
  ),
};
