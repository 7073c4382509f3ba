//! What an optimizer keeps for each parameter: how large it is, what it starts with, when there is any. TypeScript makes the
//! tensors by the same rules (`ts/src/optimizers/state.ts`); the plan's update checks their sizes.

/// How large a tensor of state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateShape {
    /// As its parameter.
    Like,
    /// So many numbers, each as two floats whose sum it is.
    Numbers(usize),
    /// One for each row of a matrix (or of each of several): without the last axis; none for fewer axes than two.
    Rows,
    /// One for each column: without the last axis but one; none for fewer axes than two.
    Columns,
    /// As its parameter where that has fewer axes than two, else none.
    Unfactored,
    /// One for each index of each axis, axis by axis.
    Axes,
    /// As its parameter unless that is a matrix.
    Unmatrixed,
    /// As many times its parameter as the number of this name says, which is fixed when the optimizer is made.
    Times(&'static str),
    /// A square matrix over all axes but the last, which count as one; none for fewer axes than two or more than
    /// [`StateShape::SIDE`] indices.
    LeftSquare,
    /// The same over the last axis.
    RightSquare,
}

impl StateShape {
    /// The longest side of a square: 64 MB.
    pub const SIDE: usize = 4096;

    /// Elements for a parameter of shape `dims`.
    pub fn len(self, dims: &[usize]) -> usize {
        match self {
            // At least.
            StateShape::Like | StateShape::Times(_) => dims.iter().product(),
            StateShape::Numbers(count) => 2 * count,
            StateShape::Rows | StateShape::Columns if dims.len() < 2 => 0,
            StateShape::Rows => dims[..dims.len() - 1].iter().product(),
            StateShape::Columns => dims[..dims.len() - 2].iter().product::<usize>() * dims[dims.len() - 1],
            StateShape::Unfactored if dims.len() >= 2 => 0,
            StateShape::Unmatrixed if dims.len() == 2 => 0,
            StateShape::Unfactored | StateShape::Unmatrixed => dims.iter().product(),
            StateShape::Axes => dims.iter().sum(),
            StateShape::LeftSquare | StateShape::RightSquare => {
                let (last, others) = dims.split_last().filter(|(_, others)| !others.is_empty()).unwrap_or((&0, &[0]));
                let side = if self == StateShape::RightSquare { *last } else { others.iter().product() };
                if side > Self::SIDE { 0 } else { side * side }
            }
        }
    }

    /// Elements of a tensor that has `room`, for a parameter of shape `dims`.
    pub fn len_in(self, dims: &[usize], room: usize) -> usize {
        match self {
            StateShape::Times(_) => room - room.checked_rem(self.len(dims)).unwrap_or(room),
            _ => self.len(dims),
        }
    }

    /// As TypeScript writes it.
    pub fn text(self) -> String {
        match self {
            StateShape::Like => "like".into(),
            StateShape::Numbers(count) => format!("{count}"),
            StateShape::Rows => "'rows'".into(),
            StateShape::Columns => "'columns'".into(),
            StateShape::Unfactored => "'unfactored'".into(),
            StateShape::Axes => "'axes'".into(),
            StateShape::Unmatrixed => "'unmatrixed'".into(),
            StateShape::Times(number) => format!("{{ times: '{}' }}", super::camel(number)),
            StateShape::LeftSquare => "'leftSquare'".into(),
            StateShape::RightSquare => "'rightSquare'".into(),
        }
    }
}

/// A tensor of state.
#[derive(Clone, Copy, Debug)]
pub struct StateSpec {
    /// Its name in snake_case, as it stands in saved files.
    pub name: &'static str,
    /// Its size.
    pub shape: StateShape,
    /// The hyper-parameter whose value its elements start with; empty: 0; `unset`: NaN, which the rule takes for "not yet".
    pub from: &'static str,
    /// The switch or hyper-parameter without which it does not exist; empty: always there.
    pub only_if: &'static str,
}
