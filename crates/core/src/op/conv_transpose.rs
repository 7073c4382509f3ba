//! `conv_transpose`: the transposed convolution, which is the gradient of `conv` by its input; the op is `conv`'s.

use super::Entry;
use super::conv::Conv;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "conv_transpose",
    "The gradient of conv by its input, of the sizes given: y [batch, positions…, filters] with conv's kernel.",
    |attrs| Ok(Arc::new(Conv::transposed(attrs)?)),
);
