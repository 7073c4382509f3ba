// `npm run addon -- PLATFORM …`: builds the native addon of a release for other machines into dist/native. Linux from
// anywhere, by zig (pip install ziglang cargo-zigbuild) and against an old glibc; macOS and Windows by their own
// toolchain, or zig where it can.
import { copyFileSync, mkdirSync } from 'node:fs';
import { addonFile, OLDEST_GLIBC, PLATFORMS } from './platforms.mjs';
import { Failure, fromRoot, run, step } from './shell.mjs';
import { addonFlags } from './toolchain.mjs';

export async function main(platforms) {
  for (const platform of platforms) {
    if (!(platform in PLATFORMS)) {
      throw new Failure(`no such platform: expected ${Object.keys(PLATFORMS).join(', ')}, got ${platform}`);
    }
  }
  for (const platform of platforms) await step(`addon for ${platform}`, () => build(platform));
}

async function build(platform) {
  const { rust, os, libc } = PLATFORMS[platform];
  const own = os === process.platform && os !== 'linux';
  await run('rustup', ['target', 'add', rust]);
  const target = libc === 'glibc' ? `${rust}.${OLDEST_GLIBC}` : rust;
  const options = ['--release', '--locked', '--package', 'descend-node', '--target', own ? rust : target];
  const folder = process.env.CARGO_TARGET_DIR ?? fromRoot('target');
  const env = {
    CARGO_PROFILE_RELEASE_STRIP: 'symbols',
    // A library for musl is shared, which Rust does not take for granted there.
    RUSTFLAGS: addonFlags(libc === 'musl' ? '-C target-feature=-crt-static' : undefined),
  };
  await run('cargo', [own ? 'build' : 'zigbuild', ...options], { env });
  const built = { linux: 'libdescend_node.so', darwin: 'libdescend_node.dylib', win32: 'descend_node.dll' }[os];
  mkdirSync(fromRoot('dist/native'), { recursive: true });
  copyFileSync(`${folder}/${rust}/release/${built}`, fromRoot(`dist/native/${addonFile(platform)}`));
}
