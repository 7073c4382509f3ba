// One step of every rule in f64, written from the formulas of papers and references with nothing from the core, and how far
// f32 may be off. Those that divide by a mean of squares are in adaptive.ts.

import * as adaptive from './adaptive.js';
import { exact, type Rounded, sum } from './rounded.js';
import { minus, type Numbers, number, type Rule, type State } from './rule.js';

export type { Numbers } from './rule.js';

const sgd: Rule = (w, g, s, o, t) => {
  const rate = o.learningRate;
  if (!s.momentum) return { w: sum(w, g.times(-rate)), s };
  const [momentum, kept] = [number(o, 'momentum'), t === 1 ? 1 : 1 - ((o.dampening as number | undefined) ?? 0)];
  if (o.parity === 'torch') {
    const b = sum(s.momentum.times(momentum), g.times(kept));
    const step = o.nesterov ? sum(g, b.times(momentum)) : b;
    return { w: sum(w, step.times(-rate)), s: { momentum: b } };
  }
  const u = sum(s.momentum.times(momentum), g.times(-rate * kept));
  return { w: o.nesterov ? sum(w, sum(u.times(momentum), g.times(-rate))) : sum(w, u), s: { momentum: u } };
};

const rmsprop: Rule = (w, g, s, o) => {
  const [rho, epsilon, torch] = [number(o, 'rho'), exact(number(o, 'epsilon')), o.parity === 'torch'];
  const mean = (old: Rounded, next: Rounded): Rounded => sum(old.times(rho), next.times(1 - rho));
  const state: State<Rounded> = { velocity: mean(s.velocity!, g.times(g)) };
  let variance = state.velocity!;
  if (s.averageGradient) {
    const a = mean(s.averageGradient, g);
    state.averageGradient = a;
    variance = sum(variance, minus(a.times(a))).within(0, Number.POSITIVE_INFINITY);
  }
  const divisor = torch ? sum(variance.root(), epsilon) : sum(variance, epsilon).root();
  const scaled = g.times(torch ? 1 : o.learningRate).over(divisor);
  const rate = torch ? o.learningRate : 1;
  if (!s.momentum) return { w: sum(w, scaled.times(-rate)), s: state };
  const u = sum(s.momentum.times(number(o, 'momentum')), scaled);
  const step = o.nesterov ? sum(u.times(number(o, 'momentum')), scaled) : u;
  return { w: sum(w, step.times(-rate)), s: { ...state, momentum: u } };
};

const adagrad: Rule = (w, g, s, o, t) => {
  const [epsilon, torch] = [exact(number(o, 'epsilon')), o.parity === 'torch'];
  const a = sum(s.accumulator!, g.times(g));
  const rate = o.learningRate / (1 + (t - 1) * number(o, 'learningRateDecay'));
  const divisor = torch ? sum(a.root(), epsilon) : sum(a, epsilon).root();
  return { w: sum(w, minus(g.times(rate).over(divisor))), s: { accumulator: a } };
};

const adadelta: Rule = (w, g, s, o) => {
  const [rho, epsilon] = [number(o, 'rho'), exact(number(o, 'epsilon'))];
  const mean = (old: Rounded, next: Rounded): Rounded => sum(old.times(rho), next.times(1 - rho));
  const a = mean(s.accumulatedGrad!, g.times(g));
  const ratio = sum(s.accumulatedDeltaVar!, epsilon).root().over(sum(a, epsilon).root());
  const u = ratio.times(g);
  const state = { accumulatedGrad: a, accumulatedDeltaVar: mean(s.accumulatedDeltaVar!, u.times(u)) };
  return { w: sum(w, u.times(-o.learningRate)), s: state };
};

const ftrl: Rule = (w, g, s, o) => {
  const [rate, l1] = [o.learningRate, number(o, 'l1RegularizationStrength')];
  const l2 = number(o, 'l2RegularizationStrength') + number(o, 'beta') / (2 * rate);
  const power = -number(o, 'learningRatePower');
  const raised = (x: Rounded): Rounded => (power === 0.5 ? x.root() : x.power(power));
  const a = sum(s.accumulator!, g.times(g));
  const risen = sum(raised(a), minus(raised(s.accumulator!)));
  const shrunk = sum(g, w.times(2 * number(o, 'l2ShrinkageRegularizationStrength')));
  const z = sum(s.linear!, sum(shrunk, minus(risen.times(1 / rate).times(w))));
  const divisor = sum(raised(a).times(1 / rate), exact(2 * l2));
  return { w: sum(z.within(-l1, l1), minus(z)).over(divisor), s: { accumulator: a, linear: z } };
};

const lion: Rule = (w, g, s, o) => {
  const mix = (beta: number): Rounded => sum(s.momentum!.times(beta), g.times(1 - beta));
  const [beta1, beta2] = [o.beta1 ?? o.beta, o.beta2 ?? o.beta] as [number, number];
  return { w: sum(w, mix(beta1).sign().times(-o.learningRate)), s: { momentum: mix(beta2) } };
};

const signSgd: Rule = (w, g, s, o) => ({ w: sum(w, g.sign().times(-o.learningRate)), s });

const asgd: Rule = (w, g, s, o, t) => {
  const [lambd, alpha] = [number(o, 'lambd'), number(o, 'alpha')];
  const rate = o.learningRate / (1 + lambd * o.learningRate * (t - 1)) ** alpha;
  const next = sum(w.times(1 - lambd * rate), g.times(-rate));
  const share = 1 / Math.max(1, t - 1 - number(o, 't0'));
  return { w: next, s: { average: sum(s.average!.times(1 - share), next.times(share)) } };
};

const rprop: Rule = (w, g, s, o) => {
  const turn = Math.sign(g.x) * Math.sign(s.previousGradient!.x);
  const first = s.stepSize!.x === 0 ? exact(o.learningRate) : s.stepSize!;
  const factor = turn > 0 ? number(o, 'etaPlus') : turn < 0 ? number(o, 'etaMinus') : 1;
  const step = sum(first.times(factor)).within(number(o, 'stepSizeMin'), number(o, 'stepSizeMax'));
  const kept = turn < 0 ? exact(0) : g;
  return { w: sum(w, step.times(-Math.sign(kept.x))), s: { previousGradient: kept, stepSize: sum(step) } };
};

const madgrad: Rule = (w, g, s, o, t) => {
  const [momentum, epsilon] = [number(o, 'momentum'), number(o, 'epsilon')];
  const weight = (o.learningRate + epsilon) * Math.sqrt(t);
  const initial = t === 1 ? w : s.initial!;
  const squares = sum(s.gradSumSq!, g.times(g).times(weight));
  const total = sum(s.gradSum!, g.times(weight));
  const step = total.over(sum(squares.power(1 / 3), exact(epsilon)));
  const z = sum(initial, minus(step));
  return {
    w: sum(w.times(momentum), z.times(1 - momentum)),
    s: { gradSumSq: squares, gradSum: total, initial },
  };
};

const optimistic: Rule = (w, g, s, o, t) => {
  const change = t === 1 ? exact(0) : sum(g, minus(s.previousGradient!));
  const step = sum(g.times(o.learningRate * number(o, 'alpha')), change.times(o.learningRate * number(o, 'beta')));
  return { w: sum(w, minus(step)), s: { previousGradient: g } };
};

const cocob: Rule = (w, g, s, o, t) => {
  const initial = t === 1 ? w : s.initial!;
  const scale = s.scale!.orMore(g.size());
  const magnitudes = sum(s.magnitudes!, g.size());
  const won = minus(sum(w, minus(initial)).times(g));
  const reward = sum(s.reward!, won).within(0, Number.POSITIVE_INFINITY);
  const gradients = sum(s.gradients!, minus(g));
  const larger = sum(magnitudes, scale).orMore(sum(scale.times(number(o, 'alpha'))));
  const bet = gradients.over(scale.times(larger)).times(sum(scale, reward)).times(o.learningRate);
  return { w: sum(initial, bet), s: { initial, gradients, scale, magnitudes, reward } };
};

const RULES: Readonly<Record<string, Rule>> = {
  SGD: sgd,
  Momentum: sgd,
  RMSprop: rmsprop,
  Adam: adaptive.adam,
  AdamW: adaptive.adam,
  // PyTorch's, with ε where Keras has it.
  SparseAdam: (w, g, s, o, t, numbers) => adaptive.adam(w, g, s, { ...o, parity: 'keras' }, t, numbers),
  Adadelta: adadelta,
  Adagrad: adagrad,
  Adamax: adaptive.adamax,
  Nadam: adaptive.nadam,
  Sophia: adaptive.sophia,
  Ftrl: ftrl,
  Lion: lion,
  ScheduleFreeAdamW: adaptive.scheduleFree,
  ScheduleFreeSGD: adaptive.scheduleFree,
  RAdam: adaptive.radam,
  ASGD: asgd,
  Rprop: rprop,
  AdaBelief: adaptive.adabelief,
  Yogi: adaptive.yogi,
  Adan: adaptive.adan,
  ADOPT: adaptive.adopt,
  AdEMAMix: adaptive.ademamix,
  SimplifiedAdEMAMix: adaptive.simplifiedAdemamix,
  SignSGD: signSgd,
  Signum: lion,
  MADGRAD: madgrad,
  OptimisticGradientDescent: optimistic,
  OptimisticAdam: adaptive.optimisticAdam,
  COCOB: cocob,
};

/** What stands around the rule: the sign, the factor of clipping by norms (exact in f64), clipping by value, decay. */
export function stepOf(className: string, o: Numbers, t: number, factor: number, numbers: Record<string, number[]>) {
  const rule = RULES[className];
  if (!rule) throw new Error(`write the rule of ${className} in f64`);
  const limit = o.clipvalue === null ? Number.POSITIVE_INFINITY : number(o, 'clipvalue');
  const lambda = o.weightDecay === null ? 0 : number(o, 'weightDecay');
  const taken = { decoupled: o.learningRate * lambda, independent: lambda }[o.weightDecayMode as string] ?? 0;
  return (w: number, g: number, state: State<number>): { w: Rounded; s: State<Rounded> } => {
    const clipped = exact(g)
      .times(o.maximize ? -factor : factor)
      .within(-limit, limit);
    const scaled = factor === 1 ? clipped : sum(clipped);
    const gradient = o.weightDecayMode === 'coupled' ? sum(scaled, exact(w).times(lambda)) : scaled;
    const kept = taken === 0 ? exact(w) : sum(exact(w), exact(w).times(-taken));
    const s = Object.fromEntries(Object.entries(state).map(([name, x]) => [name, exact(x)]));
    return rule(kept, gradient, s, o, t, numbers);
  };
}

/** The factor that clipping by norm leaves for each gradient. */
export function clipFactors(gradients: readonly Float32Array[], o: Numbers): number[] {
  const squares = gradients.map((g) => g.reduce((total, x) => total + x * x, 0));
  const norm = Math.sqrt(squares.reduce((total, x) => total + x, 0));
  const shrink = (length: number, limit: unknown): number =>
    typeof limit === 'number' && length > limit ? limit / length : 1;
  return squares.map((square) => shrink(Math.sqrt(square), o.clipnorm) * shrink(norm, o.globalClipnorm));
}
