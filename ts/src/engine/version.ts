// The version of this package, which the core it loads must have too. A test holds it against package.json.

export const VERSION = '0.1.0';
