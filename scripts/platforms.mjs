// The machines that the native addon is built for: names as npm, Node and Rust have them. ts/src/engine/native.ts looks
// for packages of these names.

/** By the name in `descend-NAME` and `descend.NAME.node`. */
export const PLATFORMS = {
  'linux-x64-gnu': { rust: 'x86_64-unknown-linux-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' },
  'linux-arm64-gnu': { rust: 'aarch64-unknown-linux-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc' },
  'linux-x64-musl': { rust: 'x86_64-unknown-linux-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
  'linux-arm64-musl': { rust: 'aarch64-unknown-linux-musl', os: 'linux', cpu: 'arm64', libc: 'musl' },
  'darwin-x64': { rust: 'x86_64-apple-darwin', os: 'darwin', cpu: 'x64' },
  'darwin-arm64': { rust: 'aarch64-apple-darwin', os: 'darwin', cpu: 'arm64' },
  'win32-x64-msvc': { rust: 'x86_64-pc-windows-msvc', os: 'win32', cpu: 'x64' },
};

/** The oldest glibc that an addon of a release runs on (CentOS 7, 2014). */
export const OLDEST_GLIBC = '2.17';

/** The file of an addon in dist/native. */
export const addonFile = (platform) => `descend.${platform}.node`;

/** The name of a platform's package. */
export const packageName = (platform) => `descend-${platform}`;

/** Whether an addon runs on this machine. */
export function runsHere(platform) {
  const { os, cpu, libc } = PLATFORMS[platform];
  // Only a Node that is linked against glibc says which one.
  const own = process.report?.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
  return os === process.platform && cpu === process.arch && (libc === undefined || libc === own);
}
