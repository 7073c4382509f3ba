// Answers requests at the edge:
//   GET  /predict?hour=20&position=1&discount=0.2&returning=1    { probability, learned }
//   POST /learn   { "features": { … }, "label": 0 or 1 }         { loss, learned }: one step of gradient descent
//   GET  /weights                                                the model as safetensors; its hash is the ETag

import { ready } from 'descend';
import wasm from 'descend/descend.wasm';
import { BadRequest, rowOf } from './features.ts';
import { Learner } from './learner.ts';

/** What wrangler.toml binds. */
export interface Env {
  readonly STORE: {
    get(name: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null>;
    put(name: string, bytes: Uint8Array): Promise<void>;
  };
  /** A snapshot after every so many events. Default 100. */
  readonly SNAPSHOT_EVERY?: string;
}

interface Context {
  waitUntil(work: Promise<unknown>): void;
}

const MAX_BODY = 4096;

let learner: Learner | undefined;

export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    try {
      return await answer(request, env, context);
    } catch (error) {
      if (error instanceof BadRequest) return Response.json({ error: error.message }, { status: 400 });
      throw error;
    }
  },
};

async function answer(request: Request, env: Env, context: Context): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case 'GET /predict': {
      const row = rowOf(Object.fromEntries(searchParams));
      const own = await learnerOf(env);
      return Response.json({ probability: await own.predict(row), learned: own.learned });
    }
    case 'POST /learn': {
      const { features, label } = await bodyOf(request);
      if (label !== 0 && label !== 1) throw new BadRequest(`label: expected 0 or 1, got ${JSON.stringify(label)}`);
      const row = rowOf(features);
      const own = await learnerOf(env);
      const loss = await own.learn(row, label);
      const { learned } = own;
      if (learned % Number(env.SNAPSHOT_EVERY ?? 100) === 0) context.waitUntil(own.snapshot());
      return Response.json({ loss, learned });
    }
    case 'GET /weights': {
      const { bytes, hash } = await (await learnerOf(env)).weights();
      return new Response(bytes, { headers: { 'content-type': 'application/octet-stream', etag: `"${hash}"` } });
    }
    default:
      return Response.json({ error: 'GET /predict, POST /learn or GET /weights' }, { status: 404 });
  }
}

// A promise that waits for one request's I/O must not be another's: each loads by itself until the first has.
async function learnerOf({ STORE }: Env): Promise<Learner> {
  if (learner) return learner;
  await ready({ wasm });
  const storage = {
    get: (name: string) => STORE.get(name, 'arrayBuffer'),
    put: (name: string, bytes: Uint8Array) => STORE.put(name, bytes),
  };
  const opened = await Learner.open(storage);
  learner ??= opened;
  return learner;
}

async function bodyOf(request: Request): Promise<{ features?: unknown; label?: unknown }> {
  const text = await request.text();
  if (text.length > MAX_BODY) throw new BadRequest(`body: expected at most ${MAX_BODY} characters, got ${text.length}`);
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    throw new BadRequest('body: expected JSON');
  }
}
