import { defineConfig } from 'vite';

export default defineConfig({
  // Relative addresses: the built page works wherever it is put.
  base: './',
  build: { target: 'es2022' },
  worker: { format: 'es' },
  // The package lies outside of this folder, and brings its module beside its scripts.
  optimizeDeps: { exclude: ['descend'] },
  server: { fs: { allow: ['../..'] } },
});
