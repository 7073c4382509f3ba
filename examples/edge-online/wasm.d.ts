// A module that is imported arrives compiled.
declare module 'descend/descend.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
