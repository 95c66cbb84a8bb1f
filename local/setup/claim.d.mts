/** Claims something for this process alone. @returns how to give it back, or undefined while another has it */
export function claim(what: string): Promise<(() => Promise<void>) | undefined>;
