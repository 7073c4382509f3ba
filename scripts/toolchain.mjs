// Finds or fetches what turns Rust into WASM: the compiler's wasm target, wasm-pack and wasm-bindgen. The two programs
// are built once from tools/wasm, at the versions of Cargo.lock, into a cache that every clone on the machine shares.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure, fromRoot, run, step } from './shell.mjs';
import { fingerprint } from './stamp.mjs';

export const WASM_TARGET = 'wasm32-unknown-unknown';
const EXE = process.platform === 'win32' ? '.exe' : '';

/** What `rustc -vV` says, which is part of every stamp; fails with advice when there is no Rust. */
export async function rustVersion() {
  try {
    return await run('rustc', ['-vV'], { stdout: 'keep' });
  } catch (cause) {
    if (cause.code !== 'ENOENT') throw cause;
    throw new Failure('Rust was not found: expected rustc and cargo on PATH (install them with rustup)', { cause });
  }
}

/**
 * Flags of the compiler for an addon, before those that are asked for: what is not marked to be inlined is when it is small.
 * A fifteenth less code, as fast.
 */
export const addonFlags = (others = process.env.RUSTFLAGS) =>
  ['-C llvm-args=-inline-threshold=50', others].filter(Boolean).join(' ');

/** The version of a crate in Cargo.lock. */
export function lockedVersion(crate) {
  const lock = readFileSync(fromRoot('Cargo.lock'), 'utf8');
  const found = lock.match(new RegExp(`name = "${crate}"\\r?\\nversion = "([^"]+)"`));
  if (!found) throw new Failure(`Cargo.lock names no ${crate}: expected the crate that tools/wasm is built on`);
  return found[1];
}

/** Adds the wasm target to the compiler in use, when it lacks it. */
export async function ensureWasmTarget() {
  const sysroot = (await run('rustc', ['--print', 'sysroot'], { stdout: 'keep' })).trim();
  if (existsSync(join(sysroot, 'lib/rustlib', WASM_TARGET))) return;
  await step(`Rust target ${WASM_TARGET}`, async () => {
    try {
      await run('rustup', ['target', 'add', WASM_TARGET]);
    } catch (cause) {
      if (cause.code !== 'ENOENT') throw cause;
      const advice = `install Rust with rustup, or your system's package of Rust's standard library for ${WASM_TARGET}`;
      throw new Failure(`the Rust target ${WASM_TARGET} is missing: expected rustup to add it, got none (${advice})`, {
        cause,
      });
    }
  });
}

const cacheRoot = () =>
  process.env.DESCEND_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'descend');

/** The folder that holds wasm-pack and wasm-bindgen; builds them when the cache has none of these versions. */
export async function ensureWasmTools() {
  const versions = `wasm-pack-${lockedVersion('wasm-pack')}_wasm-bindgen-${lockedVersion('wasm-bindgen')}`;
  const home = join(cacheRoot(), `${versions}_${fingerprint(['tools/wasm']).slice(0, 8)}`);
  const bin = join(home, 'bin');
  const programs = { pack: `wasm-pack${EXE}`, bindgen: `wasm-bindgen${EXE}` };
  if (Object.values(programs).every((program) => existsSync(join(bin, program)))) return bin;

  await step(`wasm-pack and wasm-bindgen, once, into ${home}`, async () => {
    const target = join(home, 'build');
    const options = ['--locked', '--profile', 'tool', '--package', 'descend-wasm-tools', '--target-dir', target];
    await run('cargo', ['build', ...options]);
    mkdirSync(bin, { recursive: true });
    for (const [built, program] of Object.entries(programs)) {
      // Renamed into place, so that a copy cut short is never taken for a program.
      copyFileSync(join(target, 'tool', built + EXE), join(bin, `${program}.part`));
      renameSync(join(bin, `${program}.part`), join(bin, program));
    }
    rmSync(target, { recursive: true, force: true });
  });
  return bin;
}
