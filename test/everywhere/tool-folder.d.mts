// What TypeScript may know of tool-folder.mjs.
export class Skip extends Error {}
export function toolFolder(tools: readonly string[], timeout?: number): Promise<string>;
