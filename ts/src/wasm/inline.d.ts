/** The bytes of descend.wasm in base64. Written by the build. */
export const BASE64: string;
