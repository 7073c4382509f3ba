// Imported before the package, remembers the memory of its WASM module as `globalThis.watched`, which nothing of the package
// gives away.

declare global {
  var watched: WebAssembly.Memory | undefined;
}

const { Instance } = WebAssembly;

WebAssembly.Instance = class extends Instance {
  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    globalThis.watched ??= this.exports.memory as WebAssembly.Memory | undefined;
  }
};
