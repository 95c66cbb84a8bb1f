const BEGINNINGS: readonly (readonly [type: string, at: number, bytes: readonly number[]])[] = [
  ['image/png', 0, [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/gif', 0, [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', 8, [0x57, 0x45, 0x42, 0x50]],
];

/** By its bytes, whatever its name says: these kinds hold no script. Pure. */
export const pictureType = (content: Uint8Array): string | undefined =>
  BEGINNINGS.find(([, at, bytes]) => bytes.every((byte, index) => content[at + index] === byte))?.[0];
