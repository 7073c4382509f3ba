// The script of the Worker, with its memory watched.

import './watched-memory.ts';
import '../../dist/engine/worker/script.js';
