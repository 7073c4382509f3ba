// What bundlers and runtimes give for an import of the WASM module, and the text that the build makes of it.

declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*.wasm?module' {
  const module: WebAssembly.Module;
  export default module;
}
