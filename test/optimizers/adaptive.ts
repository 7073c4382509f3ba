// One step of the rules that divide by a mean of squares, in f64, written from their papers' and references' formulas with
// nothing from the core.

import { exact, type Rounded, sum } from './rounded.js';
import { mean, minus, number, type Rule } from './rule.js';

/** 1 − βᵗ. */
const bias = (beta: number, t: number): number => 1 - beta ** t;

/** A step by the first mean over the root of the second. */
const moments = (w: Rounded, m: Rounded, root: Rounded): Rounded => sum(w, minus(m.over(root)));

export const adam: Rule = (w, g, s, o, t) => {
  const [beta1, beta2, epsilon] = [number(o, 'beta1'), number(o, 'beta2'), exact(number(o, 'epsilon'))];
  const m = mean(s.momentum!, g, beta1);
  const v = mean(s.velocity!, g.times(g), beta2);
  const state: Record<string, Rounded> = { momentum: m, velocity: v };
  if (s.velocityHat) state.velocityHat = s.velocityHat.orMore(v);
  const root = (state.velocityHat ?? v).root();
  const [one, two] = [bias(beta1, t), Math.sqrt(bias(beta2, t))];
  const torch = o.parity === 'torch';
  const divisor = sum(torch ? root.times(1 / two) : root, epsilon);
  return { w: moments(w, m.times((o.learningRate * (torch ? 1 : two)) / one), divisor), s: state };
};

/** In a step without an estimate of the curvature, which stays as it is. */
export const sophia: Rule = (w, g, s, o, t) => {
  const m = mean(s.momentum!, g, number(o, 'beta1'));
  const divisor = s.hessian!.times(number(o, 'gamma')).within(number(o, 'epsilon'), Number.POSITIVE_INFINITY);
  const most = number(o, 'clipThreshold') * o.learningRate;
  const step = m.times(o.learningRate / bias(number(o, 'beta1'), t)).over(divisor);
  return { w: sum(w, minus(step.within(-most, most))), s: { momentum: m, hessian: s.hessian! } };
};

export const nadam: Rule = (w, g, s, o, t, numbers) => {
  const [beta1, beta2, epsilon] = [number(o, 'beta1'), number(o, 'beta2'), exact(number(o, 'epsilon'))];
  const at = (k: number): number => beta1 * (1 - 0.5 * 0.96 ** (k * number(o, 'momentumDecay')));
  const product = (1 - numbers.momentumProduct![0]!) * at(t);
  const m = mean(s.momentum!, g, beta1);
  const v = mean(s.velocity!, g.times(g), beta2);
  const [byMean, byGradient] =
    o.parity === 'optax'
      ? [beta1 / bias(beta1, t + 1), (1 - beta1) / bias(beta1, t)]
      : [at(t + 1) / (1 - product * at(t + 1)), (1 - at(t)) / (1 - product)];
  const ahead = sum(m.times(o.learningRate * byMean), g.times(o.learningRate * byGradient));
  const divisor = sum(v.root().times(1 / Math.sqrt(bias(beta2, t))), epsilon);
  return { w: moments(w, ahead, divisor), s: { momentum: m, velocity: v } };
};

export const radam: Rule = (w, g, s, o, t) => {
  const [beta1, beta2, epsilon] = [number(o, 'beta1'), number(o, 'beta2'), exact(number(o, 'epsilon'))];
  const state = { momentum: mean(s.momentum!, g, beta1), velocity: mean(s.velocity!, g.times(g), beta2) };
  const all = 2 / (1 - beta2) - 1;
  const some = all - (2 * t * beta2 ** t) / bias(beta2, t);
  const step = state.momentum.times(o.learningRate / bias(beta1, t));
  if (some <= 5) return { w: sum(w, minus(step)), s: state };
  const r = Math.sqrt(((some - 4) * (some - 2) * all) / ((all - 4) * (all - 2) * some));
  const two = Math.sqrt(bias(beta2, t));
  const optax = o.parity === 'optax';
  const root = optax ? state.velocity.root().times(1 / two) : state.velocity.root();
  return { w: moments(w, step.times(optax ? r : r * two), sum(root, epsilon)), s: state };
};

export const adabelief: Rule = (w, g, s, o, t) => {
  const [beta1, beta2, epsilon] = [number(o, 'beta1'), number(o, 'beta2'), exact(number(o, 'epsilon'))];
  const m = mean(s.momentum!, g, beta1);
  const off = sum(g, minus(m));
  const v = sum(mean(s.velocity!, off.times(off), beta2), exact(number(o, 'epsilonRoot')));
  const divisor = sum(v.root().times(1 / Math.sqrt(bias(beta2, t))), epsilon);
  return { w: moments(w, m.times(o.learningRate / bias(beta1, t)), divisor), s: { momentum: m, velocity: v } };
};

export const yogi: Rule = (w, g, s, o, t) => {
  const [beta1, beta2, epsilon] = [number(o, 'beta1'), number(o, 'beta2'), exact(number(o, 'epsilon'))];
  const m = mean(s.momentum!, g, beta1);
  const square = g.times(g);
  const down = sum(s.velocity!, minus(square)).sign();
  const v = sum(s.velocity!, down.times(square).times(-(1 - beta2)));
  const divisor = sum(v.root().times(1 / Math.sqrt(bias(beta2, t))), epsilon);
  return { w: moments(w, m.times(o.learningRate / bias(beta1, t)), divisor), s: { momentum: m, velocity: v } };
};

export const adamax: Rule = (w, g, s, o, t) => {
  const [beta1, epsilon, torch] = [number(o, 'beta1'), exact(number(o, 'epsilon')), o.parity === 'torch'];
  const m = mean(s.momentum!, g, beta1);
  const size = torch ? sum(g.size(), epsilon) : g.size();
  const norm = sum(s.norm!.times(number(o, 'beta2'))).orMore(size);
  const divisor = torch ? norm : sum(norm, epsilon);
  return { w: moments(w, m.times(o.learningRate / bias(beta1, t)), divisor), s: { momentum: m, norm } };
};

export const adan: Rule = (w, g, s, o, t) => {
  const [beta1, beta2, beta3] = [number(o, 'beta1'), number(o, 'beta2'), number(o, 'beta3')];
  const d = t === 1 ? exact(0) : sum(g, minus(s.previousGradient!));
  const ahead = sum(g, d.times(1 - beta2));
  const state = {
    momentum: mean(s.momentum!, g, beta1),
    change: mean(s.change!, d, beta2),
    velocity: mean(s.velocity!, ahead.times(ahead), beta3),
    previousGradient: g,
  };
  const step = sum(
    state.momentum.times(o.learningRate / bias(beta1, t)),
    state.change.times((o.learningRate * (1 - beta2)) / bias(beta2, t)),
  );
  const square = sum(state.velocity.times(1 / bias(beta3, t)), exact(number(o, 'epsilonRoot')));
  return { w: moments(w, step, sum(square.root(), exact(number(o, 'epsilon')))), s: state };
};

export const adopt: Rule = (w, g, s, o, t) => {
  const [beta1, beta2, epsilon] = [number(o, 'beta1'), number(o, 'beta2'), exact(number(o, 'epsilon'))];
  if (t === 1) return { w, s: { momentum: s.momentum!, velocity: g.times(g) } };
  const limit = o.useClipping ? (t - 1) ** 0.25 : Number.POSITIVE_INFINITY;
  const x = g.over(s.velocity!.root().orMore(epsilon)).within(-limit, limit);
  const m = mean(s.momentum!, x, beta1);
  const state = { momentum: m, velocity: mean(s.velocity!, g.times(g), beta2) };
  return { w: sum(w, m.times(-o.learningRate)), s: state };
};

export const ademamix: Rule = (w, g, s, o, t) => {
  const [beta1, beta2, beta3] = [number(o, 'beta1'), number(o, 'beta2'), number(o, 'beta3')];
  const state = {
    momentum: mean(s.momentum!, g, beta1),
    slowMomentum: mean(s.slowMomentum!, g, beta3),
    velocity: mean(s.velocity!, g.times(g), beta2),
  };
  const step = sum(
    state.momentum.times(o.learningRate / bias(beta1, t)),
    state.slowMomentum.times(o.learningRate * number(o, 'alpha')),
  );
  const root = state.velocity.root().times(1 / Math.sqrt(bias(beta2, t)));
  return { w: moments(w, step, sum(root, exact(number(o, 'epsilon')))), s: state };
};

export const simplifiedAdemamix: Rule = (w, g, s, o, t) => {
  const [beta1, beta2] = [number(o, 'beta1'), number(o, 'beta2')];
  const state = { momentum: mean(s.momentum!, g, beta1), velocity: mean(s.velocity!, g.times(g), beta2) };
  const step = sum(state.momentum.times(o.learningRate / (1 - beta1)), g.times(o.learningRate * number(o, 'alpha')));
  const root = state.velocity.root().times(1 / Math.sqrt(bias(beta2, t)));
  return { w: moments(w, step, sum(root, exact(number(o, 'epsilon')))), s: state };
};

export const optimisticAdam: Rule = (w, g, s, o, t) => {
  const [beta1, beta2] = [number(o, 'beta1'), number(o, 'beta2')];
  const m = mean(s.momentum!, g, beta1);
  const v = mean(s.velocity!, g.times(g), beta2);
  const first = o.nesterov
    ? sum(m.times(beta1 / bias(beta1, t + 1)), g.times((1 - beta1) / bias(beta1, t)))
    : m.times(1 / bias(beta1, t));
  const root = sum(v.times(1 / bias(beta2, t)), exact(number(o, 'epsilonRoot'))).root();
  const u = first.over(sum(root, exact(number(o, 'epsilon'))));
  const change = t === 1 ? exact(0) : sum(u, minus(s.previousUpdate!));
  const step = sum(u.times(o.learningRate * number(o, 'alpha')), change.times(o.learningRate * number(o, 'beta')));
  return { w: sum(w, minus(step)), s: { momentum: m, velocity: v, previousUpdate: u } };
};

/** The new parameter between z and the average x, by the weight of this step. */
function averaged(y: Rounded, z: Rounded, next: Rounded, beta: number, share: number): Rounded {
  return sum(y.times(1 - share), z.times(-(1 - share) * (1 - beta)), next.times(1 - beta + beta * share));
}

export const scheduleFree: Rule = (w, g, s, o, t, numbers) => {
  const beta1 = number(o, 'beta1');
  const plain = !s.velocity;
  const late = plain || o.parity === 'optax' ? 1 : 0;
  const warmup = number(o, 'warmupSteps');
  const rate = o.learningRate * (warmup > 0 ? Math.min(1, (t - late) / warmup) : 1);
  const [largest, total] = numbers.weights as [number, number];
  // Optax weighs a step of the warm-up by the rate of the next one.
  const seen = o.learningRate * (warmup > 0 ? Math.min(1, t / warmup) : 1);
  const weight = Math.max(largest, seen) ** number(o, 'weightPower');
  const share = weight === 0 ? 0 : weight / (total + weight);
  const shrunk = o.weightDecayMode === 'decoupled' ? o.learningRate * ((o.weightDecay as number | null) ?? 0) : 0;
  const z = t === 1 ? w.times(1 / (1 - shrunk)) : s.momentum!;
  if (plain) {
    const next = sum(z, g.times(-rate));
    return { w: averaged(w, z, next, beta1, share), s: { momentum: next } };
  }
  const beta2 = number(o, 'beta2');
  const v = mean(s.velocity!, g.times(g), beta2);
  const divisor = sum(v.root().times(1 / Math.sqrt(bias(beta2, t))), exact(number(o, 'epsilon')));
  const decay = o.parity === 'optax' && o.weightDecayMode === null ? rate * ((o.weightDecay as number | null) ?? 0) : 0;
  const next = sum(z, g.times(-rate).over(divisor), w.times(-decay));
  return { w: averaged(w, z, next, beta1, share), s: { momentum: next, velocity: v } };
};
