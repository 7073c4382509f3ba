// What the official safetensors crate says of files, by a program of ours around it (tools/judge).

import { spawn } from 'node:child_process';

/** A judge of files; `path` is the program. */
export class Judge {
  #child;
  #lines = [];
  #waiting = [];
  #rest = '';

  constructor(path) {
    this.#child = spawn(path, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout.setEncoding('utf8');
    this.#child.stdout.on('data', (text) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop();
      for (const line of lines) {
        const waiting = this.#waiting.shift();
        if (waiting) waiting(line);
        else this.#lines.push(line);
      }
    });
  }

  /** `no …`, or `yes` and all that is in the file. */
  ask(file) {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, file.length, true);
    this.#child.stdin.write(head);
    this.#child.stdin.write(file);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  end() {
    this.#child.stdin.end();
  }
}
