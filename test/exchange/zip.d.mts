// What TypeScript may know of zip.mjs.
export function zipOf(
  files: Record<string, string | Uint8Array>,
  options?: { deflate?: boolean; size?: number },
): Uint8Array<ArrayBuffer>;
